import type { Counts } from './windows'

/** How many bars a chart has. */
export const bars = 60

type Observation = {
  total: number
  at: number // milliseconds, servers' time
  lostAt: number | undefined // since when nothing was heard, where the connection was lost
  known: Counts
}

/** Likes per second of one bar; observed says that the likes came while we looked. */
export type Bar = { rate: number | undefined; observed: boolean }

/**
 * The likes of a video over a span of time, in bars. From the first observation on it is exact to
 * the bar: totals only grow, and a total's growth falls to the instant at which it was told, or,
 * after a lost connection, evenly to the time without one. What was before is inferred from the
 * windows that are known.
 */
export class History {
  readonly #bar: number // milliseconds
  readonly #likes = new Map<number, number>() // by number of the bar, since the epoch
  #total: number | undefined
  #first = Number.POSITIVE_INFINITY // the first bar that was observed
  #last = 0

  constructor(span: number) {
    this.#bar = span / bars
  }

  observe({ total, at, lostAt, known }: Observation): void {
    const now = Math.floor(at / this.#bar)
    if (this.#total === undefined) {
      this.#infer(known, at)
      this.#first = now
    } else if (total > this.#total) {
      const from = lostAt === undefined ? now : Math.max(Math.floor(lostAt / this.#bar), now - bars)
      const each = (total - this.#total) / (now - from + 1)
      for (let bar = from; bar <= now; bar++) this.#likes.set(bar, (this.#likes.get(bar) ?? 0) + each)
    }
    this.#total = Math.max(total, this.#total ?? 0)
    if (now > this.#last) this.#forget(now)
  }

  /** The bars of the span that ends now, oldest first. */
  until(at: number): Bar[] {
    const now = Math.floor(at / this.#bar)
    return Array.from({ length: bars }, (_, i) => {
      const bar = now - bars + 1 + i
      const observed = bar >= this.#first
      const likes = this.#likes.get(bar) ?? (observed ? 0 : undefined)
      // The bar that is now is not over yet.
      const seconds = (bar === now ? Math.max(at - bar * this.#bar, this.#bar / 4) : this.#bar) / 1000
      return { rate: likes === undefined ? undefined : likes / seconds, observed }
    })
  }

  /** Spreads the likes of each known window over its bars, the shortest windows first. */
  #infer(known: Counts, at: number): void {
    const windows = known.finals.flatMap((final, row) => [known.running[row], final])
    for (const w of windows) {
      if (!w) continue
      const end = Math.min(w.end, at)
      const free: [bar: number, part: number][] = []
      let rest = w.count
      for (let bar = Math.floor(w.start / this.#bar); bar * this.#bar < end; bar++) {
        const likes = this.#likes.get(bar)
        // Of the first and the last bar the window, or what has passed of it, has a part only.
        const part = Math.min((bar + 1) * this.#bar, end) - Math.max(bar * this.#bar, w.start)
        if (likes === undefined) free.push([bar, part])
        else rest -= likes
      }
      const parts = free.reduce((all, [, part]) => all + part, 0)
      for (const [bar, part] of free) this.#likes.set(bar, (Math.max(0, rest) * part) / parts)
    }
  }

  #forget(now: number): void {
    this.#last = now
    for (const bar of this.#likes.keys()) if (bar <= now - bars) this.#likes.delete(bar)
  }
}
