import { minutes } from './plan'

/**
 * How a run stands. Likes are planned, then due, then sent: counted by the API's word. Tries that
 * failed are made again; an unanswered one may have been counted all the same.
 */
export type Progress = {
  phase: 'idle' | 'running' | 'stopped' | 'finished'
  passed: number // of the plan, in minutes
  due: number
  sent: number
  failed: number // tries
  unanswered: number // of those
  unheard: number // of those sent: on their way when the page was left
  rate: number // likes per second, lately
  trouble: string | undefined // why the last try failed, until one succeeds
  again: number | undefined // when the next try is made, this computer's clock
}

export const idle: Progress = {
  phase: 'idle', passed: 0, due: 0, sent: 0, failed: 0, unanswered: 0, unheard: 0, rate: 0, trouble: undefined,
  again: undefined,
}

/** The minute that is being sent: what was before it can be edited no more. */
export function minuteOf({ phase, passed }: Progress): number {
  return phase === 'running' || phase === 'stopped' ? Math.min(Math.floor(passed), minutes) : 0
}

/** A run as it outlives a reload. */
export type Kept = { progress: Omit<Progress, 'phase'>; sent: [string, number][]; ledger: unknown }

export function readKept(value: unknown): Kept | undefined {
  const kept = value as Partial<Kept> | null
  return kept && typeof kept.progress?.passed === 'number' && Array.isArray(kept.sent) ? (kept as Kept) : undefined
}
