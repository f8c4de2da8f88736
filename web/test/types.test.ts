import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readConfig, readFinal, readLive, readTrending, readVideos } from '../src/types'

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../likes/testdata/${name}.json`, import.meta.url), 'utf8'))

describe('what the Go programs write is what the page reads', () => {
  test('a running record, as the processor writes it', () => {
    expect(readLive(golden('live'))).toEqual({
      id: '93f98662-8907-4f43-bb4c-280501481046',
      total: 3461,
      windows: [
        { start: Date.UTC(2026, 10, 22, 10, 4), end: Date.UTC(2026, 10, 22, 10, 5), count: 5 },
        { start: Date.UTC(2026, 10, 22, 10, 0), end: Date.UTC(2026, 10, 22, 10, 5), count: 17 },
        { start: Date.UTC(2026, 10, 22, 10, 0), end: Date.UTC(2026, 10, 22, 10, 10), count: 17 },
      ],
      asOf: Date.UTC(2026, 10, 22, 10, 4, 42, 123),
    })
  })

  test('a final count: the record, with the id under the name of the event', () => {
    for (const [name, end] of [
      ['final', Date.UTC(2026, 10, 22, 10, 5)],
      ['final-odd-id', Date.UTC(2026, 10, 22, 10, 5)],
      ['final-short-panes', Date.UTC(2026, 10, 22, 10, 4, 2, 500)],
    ] as const) {
      const { video_uid: id, ...rest } = golden(name) as { video_uid: string; type: string }
      const window = rest.type === '1min' ? 0 : 1
      const start = Date.UTC(2026, 10, 22, 10, 4)
      expect(readFinal({ id, ...rest })).toEqual({ id, window, count: 12, start, end, late: 3, total: 3456 })
    }
  })
})

test('what is not what it should be is not believed', () => {
  const live = golden('live') as Record<string, unknown>
  for (const wrong of [undefined, null, 7, 'text', [], {}, { ...live, total: -1 }, { ...live, total: '5' },
    { ...live, windows: {} }, { ...live, as_of: 'noon' }, { ...live, video_uid: 1 }]) {
    expect(readLive(wrong), JSON.stringify(wrong)).toBeUndefined()
    expect(readFinal(wrong)).toBeUndefined()
    expect(readConfig(wrong)).toBeUndefined()
    expect(readTrending(wrong)).toBeUndefined()
  }
  expect(readVideos([{ unique_identifier: 'a' }])).toBeUndefined()
  expect(readVideos([])).toEqual([])
})
