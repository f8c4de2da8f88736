// Numbers and times as the page writes them. Every number has figures of one width, so that nothing
// moves while it changes.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** 12345 → 12,345; what is not known is a dash. */
export const number = (n: number | undefined): string => (n === undefined ? '–' : whole.format(n))

/** Likes per second: 0.4, 12, 3,400. */
export const rate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : number(Math.round(perSecond))

/** The length of a window: 1 min, 2 s. */
export function length(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`
}

const minutes = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const seconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** 10:04–10:05; of a window that is no whole minutes the seconds too, 10:04:06–08. */
export function bounds(w: { start: number; end: number }): string {
  const exact = (w.end - w.start) % 60_000 !== 0
  const [from, to] = [w.start, w.end].map((t) => (exact ? seconds : minutes).format(t)) as [string, string]
  return `${from}–${exact ? to.slice(-2) : to}`
}

/** What is left until an instant: 42 s, 7:05. */
export function left(until: number, now: number): string {
  const s = Math.max(0, Math.ceil((until - now) / 1000))
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
}

/** 1 like, 2 likes. */
export const likes = (n: number): string => `${number(n)} ${n === 1 ? 'like' : 'likes'}`
