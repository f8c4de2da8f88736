import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Clock } from '../src/clock'

const now = Date.UTC(2026, 10, 22, 10, 4, 42, 500)
beforeEach(() => void vi.useFakeTimers({ now }))
afterEach(() => void vi.useRealTimers())

const header = (ms: number) => new Date(ms).toUTCString()

test('a clock that is right is left alone: a header is exact to the second only', () => {
  const clock = new Clock()
  clock.learnDate(header(now), now - 40, now)
  expect(clock.now()).toBe(now)
})

test('a clock that is minutes off is set right', () => {
  for (const off of [-180_000, 180_000]) {
    const clock = new Clock()
    clock.learnDate(header(now + off), now - 40, now)
    expect(Math.abs(clock.now() - now - off)).toBeLessThan(1100)
  }
})

test('a count cannot have been written later than it came', () => {
  const clock = new Clock()
  clock.learnWritten(now - 5000)
  expect(clock.now()).toBe(now)
  clock.learnWritten(now + 5000)
  expect(clock.now()).toBe(now + 5000)
})

test('it ticks on whole seconds, and ten times in a short window', async () => {
  for (const [shortest, step] of [[60_000, 1000], [2000, 200]] as const) {
    const clock = new Clock()
    clock.run(shortest)
    await vi.advanceTimersByTimeAsync(3 * step)
    expect(clock.tick.get() % step).toBe(0)
    expect(clock.roll.get(), 'the window that runs').toBe(Math.floor(clock.now() / shortest) * shortest)
    clock.stop()
  }
})
