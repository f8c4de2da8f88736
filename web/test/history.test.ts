import { expect, test } from 'vitest'
import { bars, History } from '../src/history'
import { nothingKnown, type Counts } from '../src/windows'

const span = 600_000
const bar = span / bars
const t0 = 1000 * span
const likes = (h: History, at: number) => h.until(at).map((b) => (b.rate === undefined ? undefined : Math.round(b.rate * (bar / 1000))))

test('growth of a total falls to the bar in which it was told', () => {
  const h = new History(span)
  h.observe({ total: 100, at: t0, lostAt: undefined, known: nothingKnown })
  h.observe({ total: 104, at: t0 + 1.5 * bar, lostAt: undefined, known: nothingKnown })
  h.observe({ total: 104, at: t0 + 2.5 * bar, lostAt: undefined, known: nothingKnown }) // told twice, counted once
  const shown = likes(h, t0 + 3 * bar)
  expect(shown.slice(-4)).toEqual([0, 4, 0, 0])
  expect(shown.slice(0, -4).every((n) => n === undefined), 'before the first total nothing is known').toBe(true)
})

test('what came while the connection was lost is spread over the time without one', () => {
  const h = new History(span)
  h.observe({ total: 0, at: t0, lostAt: undefined, known: nothingKnown })
  h.observe({ total: 40, at: t0 + 4.5 * bar, lostAt: t0 + bar, known: nothingKnown })
  expect(likes(h, t0 + 5 * bar).slice(-6)).toEqual([0, 10, 10, 10, 10, 0])
})

test('what was before the page is inferred from the windows that are known', () => {
  const before = { id: 'v', window: 0, start: t0 - 60_000, end: t0, count: 12, late: 0, total: 50 }
  const five = { ...before, window: 1, start: t0 - 300_000, count: 36, total: 50 }
  const known: Counts = { ...nothingKnown, finals: [before, five, undefined] }
  const h = new History(span)
  h.observe({ total: 50, at: t0, lostAt: undefined, known })
  const shown = h.until(t0 + bar - 1)
  const of = (n: number) => shown[bars - 1 - n]!
  expect(of(0)).toEqual({ rate: 0, observed: true })
  expect(of(1)).toEqual({ rate: 12 / 60, observed: false })
  expect(of(7).rate).toBeCloseTo((36 - 12) / 240)
  expect(of(31).rate, 'older than all that is known').toBeUndefined()
})
