import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Outcome } from '../src/api'
import { Clock } from '../src/clock'
import { Ledger } from '../src/ledger'
import { LiveCounts } from '../src/live'
import { Plan, sum } from '../src/plan'
import { minuteOf } from '../src/progress'
import { Run } from '../src/run'
import { windowNames } from '../src/types'

const minute = 60_000
const windows = [1, 5, 10].map((n) => ({ event: `live_aggregations_${n}`, ms: n * minute }))

/** A run whose likes are answered by answer, and the instants at which they were sent. */
function world(rows: Record<string, number[]>, answer: (n: number) => Outcome = () => ({ is: 'counted' })) {
  const plan = new Plan()
  plan.cover(Object.keys(rows))
  for (const [id, row] of Object.entries(rows)) plan.set({ id, minute: 0, values: row })
  const live = new LiveCounts({ api: '', liveEvent: 'live_counts', windows, maxRooms: 200 }, new Clock())
  const ledger = new Ledger(live, () => windows.map((w) => w.ms), Date.now)
  const sent: { id: string; at: number }[] = []
  let atOnce = 0
  let mostAtOnce = 0
  const send = async (id: string): Promise<Outcome> => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    const n = sent.push({ id, at: Date.now() })
    await new Promise((done) => setTimeout(done, 20))
    atOnce--
    return answer(n)
  }
  const run = new Run({ plan, ledger, send, now: Date.now, minute: () => minute })
  const beats = setInterval(() => run.beat(), 50)
  return { plan, live, ledger, run, sent, mostAtOnce: () => mostAtOnce, end: () => clearInterval(beats) }
}

const quiet = Array.from({ length: windowNames.length + 7 }, () => 0)
const row = (...first: number[]) => [...first, ...quiet].slice(0, 10)

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 10) }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('what is due at an instant does not depend on how often was looked', () => {
  for (const every of [7, 33, 50, 61]) {
    const w = world({ a: row(40) })
    w.end()
    w.run.start()
    for (let at = every; at < minute; at += every) {
      vi.advanceTimersByTime(every)
      w.run.beat()
    }
    vi.advanceTimersByTime(minute % every || every)
    w.run.stop()
    expect(w.run.progress.get().due, `every ${every} ms`).toBe(40)
  }
})

test('minute i’s likes are sent in minute i, evenly, at most five at a time', async () => {
  const w = world({ a: row(60, 120), b: row(30, 0, 10) })
  const begun = Date.now()
  w.run.start()
  await vi.advanceTimersByTimeAsync(10 * minute + 1000)
  const perMinute = (id: string) =>
    [0, 1, 2].map((m) => w.sent.filter((s) => s.id === id && Math.floor((s.at - begun - 1) / minute) === m).length)
  // A like that is due at the very end of a minute may be sent at the first beat of the next.
  expect(perMinute('a')[0]).toBeGreaterThanOrEqual(58)
  expect(perMinute('a')[1]).toBeGreaterThanOrEqual(118)
  const second = (s: number) => w.sent.filter(({ at }) => Math.floor((at - begun) / 1000) === s).length
  for (let s = 0; s < 60; s++) expect(second(s), `second ${s}`).toBeLessThanOrEqual(4)
  expect(w.mostAtOnce()).toBeLessThanOrEqual(5)
  expect(w.run.progress.get()).toMatchObject({ phase: 'finished', sent: 220, due: 220, failed: 0 })
  expect(w.ledger.book.get()).toMatchObject({ planned: 220, sent: 220 })
  const lines = w.ledger.book.get().lines[0]!
  expect(lines.reduce((n, l) => n + l.planned, 0)).toBe(220)
  expect(lines.reduce((n, l) => n + l.sent, 0)).toBe(220)
  w.end()
})

test('a second click, and a third, send nothing more', async () => {
  const w = world({ a: row(10) })
  w.run.start()
  await vi.advanceTimersByTimeAsync(30_000)
  w.run.start()
  w.run.resume()
  await vi.advanceTimersByTimeAsync(10 * minute)
  expect(w.sent.length).toBe(10)
  w.end()
})

test('an edit takes effect at once, in the minute that runs too; what was sent stays sent', async () => {
  const w = world({ a: row(60, 60) })
  w.run.start()
  await vi.advanceTimersByTimeAsync(30_000)
  w.plan.set({ id: 'a', minute: 0, values: [20, 90] }) // 30 are sent already
  await vi.advanceTimersByTimeAsync(30_500)
  expect(w.run.sent.get().get('a')).toBe(30)
  await vi.advanceTimersByTimeAsync(10 * minute)
  expect(w.sent.length, 'the second minute makes up for the ten too many').toBe(20 + 90)
  w.end()
})

test('what fails is sent again, later and later, and the plan is complete in the end', async () => {
  const w = world({ a: row(12) }, (n) => (n <= 9 ? { is: 'refused', why: 'busy', again: 1000 } : { is: 'counted' }))
  w.run.start()
  await vi.advanceTimersByTimeAsync(10_000)
  const { failed, trouble, again } = w.run.progress.get()
  expect({ failed, trouble }).toEqual({ failed: expect.any(Number), trouble: 'busy' })
  expect(failed).toBeLessThan(9)
  expect(again! - Date.now()).toBeLessThanOrEqual(10_000)
  await vi.advanceTimersByTimeAsync(10 * minute + 60_000)
  expect(w.run.progress.get()).toMatchObject({ phase: 'finished', sent: 12, failed: 9, unanswered: 0, trouble: undefined })
  w.end()
})

test('a video that is refused for good holds nobody up', async () => {
  const w = world({ a: row(3), b: row(3) })
  const { run } = w
  const refuses = world({ a: row(3), b: row(3) }, () => ({ is: 'refused', why: 'no such id', again: undefined }))
  refuses.run.start()
  run.start()
  await vi.advanceTimersByTimeAsync(10 * minute + 1000)
  expect(refuses.run.progress.get()).toMatchObject({ phase: 'finished', sent: 0, failed: 2, trouble: 'no such id' })
  expect(run.progress.get()).toMatchObject({ phase: 'finished', sent: 6 })
  w.end()
  refuses.end()
})

test('stopped means stopped; continued, it goes on where it was, without a burst', async () => {
  const w = world({ a: row(60, 60) })
  w.run.start()
  await vi.advanceTimersByTimeAsync(90_000)
  w.run.stop()
  await vi.advanceTimersByTimeAsync(1000)
  const sent = w.sent.length
  expect(minuteOf(w.run.progress.get())).toBe(1)
  await vi.advanceTimersByTimeAsync(20 * minute)
  expect(w.sent.length).toBe(sent)
  w.run.resume()
  await vi.advanceTimersByTimeAsync(1000)
  expect(w.sent.length - sent).toBeLessThanOrEqual(2)
  await vi.advanceTimersByTimeAsync(10 * minute)
  expect(w.sent.length).toBe(sum(w.plan.row('a')))
  w.end()
})

test('a computer that slept does not make up for it in one burst', async () => {
  const w = world({ a: row(60, 60) })
  w.run.start()
  await vi.advanceTimersByTimeAsync(10_000)
  vi.setSystemTime(Date.now() + 60 * minute)
  const before = w.sent.length
  await vi.advanceTimersByTimeAsync(1000)
  expect(w.sent.length - before).toBeLessThanOrEqual(4)
  w.end()
})

/** What a browser keeps of a page over its reload. */
function keeps(): void {
  const kept = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  })
}

test.each([
  { browser: 'says first that it leaves', tells: ['leaves', 'cancels'] },
  { browser: 'cancels first what is on its way', tells: ['cancels', 'leaves'] },
])('left in mid-plan, by a browser that $browser: no like is sent twice', async ({ tells }) => {
  keeps()
  const cancels: (() => void)[] = []
  const plan = new Plan()
  plan.cover(['a'])
  plan.set({ id: 'a', minute: 0, values: row(60, 60) })
  const first = world({ a: row(60, 60) })
  const slow = new Run({
    plan,
    ledger: first.ledger,
    // Each arrives, and is answered after a second.
    send: (id) =>
      new Promise((answer) => {
        first.sent.push({ id, at: Date.now() })
        setTimeout(() => answer({ is: 'counted' }), 1000)
        cancels.push(() => answer({ is: 'unanswered', why: 'cancelled', again: 0 }))
      }),
    now: Date.now,
    minute: () => minute,
  })
  slow.start()
  const beats = setInterval(() => slow.beat(), 50)
  await vi.advanceTimersByTimeAsync(30_500)
  const sent = first.sent.length
  for (const tell of tells) {
    if (tell === 'leaves') slow.leave()
    else cancels.forEach((cancel) => cancel())
    await Promise.resolve() // whoever waited for an answer hears of it now
  }
  clearInterval(beats)
  first.end()

  const next = world({ a: row(60, 60) })
  const { phase, sent: taken, unheard, failed } = next.run.progress.get()
  expect({ phase, taken, unheard, failed }).toEqual({ phase: 'stopped', taken: sent, unheard: 1, failed: 0 })
  next.run.resume()
  await vi.advanceTimersByTimeAsync(10 * minute)
  expect(sent + next.sent.length).toBe(120)
  const book = next.ledger.book.get()
  expect([book.sent, book.lines[0]!.reduce((n, l) => n + l.sent, 0)]).toEqual([120, 120])
  next.end()
})

test.each([
  { counts: 'come', connected: true, want: { counted: 0, settled: true } },
  { counts: 'do not come', connected: false, want: { counted: undefined, settled: false } },
])('while counts $counts, a window of which none came by its close: $want', async ({ connected, want }) => {
  const w = world({ a: row(60) })
  if (connected) w.live.connection.set({ is: 'live' })
  await vi.advanceTimersByTimeAsync(minute) // a window that began before is another matter
  w.run.start()
  await vi.advanceTimersByTimeAsync(2 * minute)
  const { counted, settled } = w.ledger.book.get().lines[0]![0]!
  expect({ counted, settled }).toEqual(want)
  w.end()
})

test('a window whose final count did not come: what was heard of it is the least', async () => {
  const live = new LiveCounts({ api: '', liveEvent: 'live_counts', windows, maxRooms: 200 }, new Clock())
  const listens = vi.spyOn(live, 'listen')
  const ledger = new Ledger(live, () => windows.map((w) => w.ms), Date.now)
  const hears = listens.mock.calls[0]![0]
  const line = async (after: number) => {
    await vi.advanceTimersByTimeAsync(after)
    const { counted, settled, least } = ledger.book.get().lines[0]![0]!
    return { counted, settled, least }
  }
  const start = Date.now()
  const first = { start, end: start + minute, count: 3 }
  ledger.follow('a')
  ledger.planned(5, start)
  const rest = [5, 10].map((n) => ({ ...first, end: start + n * minute }))
  hears.running!({ id: 'a', total: 3, windows: [first, ...rest], asOf: start })
  expect(await line(1000)).toEqual({ counted: 3, settled: false, least: false })
  expect(await line(minute)).toEqual({ counted: 3, settled: false, least: false }) // it may still come
  expect(await line(minute / 2)).toEqual({ counted: 3, settled: false, least: true })
  hears.final!({ ...first, id: 'a', window: 0, count: 5, late: 0, total: 5 })
  expect(await line(1000), 'late').toEqual({ counted: 5, settled: true, least: false })
})
