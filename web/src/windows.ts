import type { Bounded, Final } from './types'

/** What is known of a video's likes. Rows are windows, shortest first. */
export type Counts = {
  /** Whether the gateway has told what it knows: of what it did not mention there is none. */
  told: boolean
  total: number | undefined
  running: readonly (Bounded | undefined)[]
  /** The last that was heard of the windows before those of running. */
  ended: readonly (Bounded | undefined)[]
  finals: readonly (Final | undefined)[]
}

export const nothingKnown: Counts = {
  told: false,
  total: undefined,
  running: [undefined, undefined, undefined],
  ended: [undefined, undefined, undefined],
  finals: [undefined, undefined, undefined],
}

/** The window of this length that an instant lies in: windows tumble, aligned to the epoch. */
export function windowAt(now: number, ms: number): { start: number; end: number } {
  const start = Math.floor(now / ms) * ms
  return { start, end: start + ms }
}

/**
 * The running count of the current window. Nobody announces that a window has ended: once the end
 * of the last one known has passed, the current one has no likes. While nobody tells us, it is
 * undefined rather than 0.
 */
export function running(c: Counts, row: number, at: { now: number; ms: number; connected: boolean }) {
  const last = c.running[row]
  if (last && last.end > at.now) return last
  const empty = windowAt(at.now, at.ms)
  return { ...empty, count: at.connected ? 0 : undefined }
}

/**
 * The window before the current one. It is settled once its final count is known; until then it is
 * what was last heard of it. A window without likes gets no final count: it is settled once one
 * would have come.
 */
export function finished(c: Counts, row: number, at: { now: number; ms: number; connected: boolean }) {
  const end = running(c, row, at).start
  const before = { start: end - at.ms, end }
  const final = c.finals[row]
  if (final && final.start === before.start) return { ...before, count: final.count, settled: true }
  const last = [c.running[row], c.ended[row]].find((w) => w?.start === before.start)
  if (last) return { ...before, count: last.count, settled: false }
  const settled = at.now - end > closingTime
  return { ...before, count: at.connected ? 0 : undefined, settled: settled && at.connected }
}

/** New running counts: those of windows that they replace have ended. */
export function runOn(c: Counts, running: readonly Bounded[]): Counts {
  const ended = c.ended.map((known, row) => {
    const last = c.running[row]
    return last && last.start < running[row]!.start ? last : known
  })
  return { ...c, running, ended }
}

/** How long after its end a window's final count may come: grace, idle limit and a little more. */
export const closingTime = 10_000
