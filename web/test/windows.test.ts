import { expect, test } from 'vitest'
import { finished, nothingKnown, runOn, running, windowAt, type Counts } from '../src/windows'

const ms = 60_000
const minute = (n: number) => n * ms
const window = (n: number, count: number) => ({ start: minute(n), end: minute(n + 1), count })
const of = (n: number, count: number): Counts => runOn(nothingKnown, [0, 1, 2].map(() => window(n, count)))
const final = (n: number, count: number) => ({ ...window(n, count), id: 'v', window: 0, late: 0, total: count })

test('windows are aligned to the epoch, the start belongs to them and the end does not', () => {
  expect(windowAt(minute(7), ms)).toEqual({ start: minute(7), end: minute(8) })
  expect(windowAt(minute(8) - 1, ms)).toEqual({ start: minute(7), end: minute(8) })
})

test('a running number falls to zero at the instant its window ends', () => {
  const counts = of(7, 12)
  expect(running(counts, 0, { now: minute(8) - 1, ms, connected: true }).count).toBe(12)
  expect(running(counts, 0, { now: minute(8), ms, connected: true })).toEqual({ ...window(8, 0) })
  // While nobody tells, nobody knows.
  expect(running(counts, 0, { now: minute(8), ms, connected: false }).count).toBeUndefined()
})

test('the finished number is the last one heard until the final one comes, and 0 for a window without likes', () => {
  const just = { now: minute(8) + 1000, ms, connected: true }
  const heard = of(7, 12)
  expect(finished(heard, 0, just)).toEqual({ ...window(7, 12), settled: false })
  // The next window's first like does not take it away.
  expect(finished(runOn(heard, [0, 1, 2].map(() => window(8, 1))), 0, just)).toEqual({ ...window(7, 12), settled: false })
  const told = { ...heard, finals: [final(7, 13), undefined, undefined] }
  expect(finished(told, 0, just)).toEqual({ ...window(7, 13), settled: true })
  // Two windows later it is nobody's.
  expect(finished(told, 0, { ...just, now: minute(9) + 30_000 })).toEqual({ ...window(8, 0), settled: true })
  expect(finished(nothingKnown, 0, { ...just, connected: false }).count).toBeUndefined()
})
