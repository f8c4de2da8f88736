import type { LiveCounts } from './live'
import { Value } from './value'
import { closingTime, windowAt } from './windows'

/**
 * What became of a run's likes in one window. counted is undefined where no count was heard. It is
 * the least there can be where the window has closed and its final count has not come: that is
 * late, or came while nobody told us.
 */
export type Line = {
  start: number
  end: number
  planned: number
  sent: number
  counted: number | undefined
  settled: boolean
  least: boolean
}

/** Lines by row of windows, oldest first, and the sums: all that the run's videos got since it began. */
export type Book = { lines: readonly (readonly Line[])[]; planned: number; sent: number; counted: number | undefined }

/** What is written down of one window; counted and settled by video. */
type Page = { planned: number; sent: number; counted: Map<string, number>; settled: Set<string> }

type Sums = { planned: number; sent: number; from: number; to: number } // from the first like to the last, servers' time

const empty: Book = { lines: [[], [], []], planned: 0, sent: 0, counted: undefined }
const noSums: Sums = { planned: 0, sent: 0, from: Number.MAX_SAFE_INTEGER, to: 0 }
const keptPages = 64 // per row of windows: a run that is late by more loses its first lines
const lag = 5000 // milliseconds by which a like may be counted later than it was sent
const drawEvery = 200 // milliseconds
const lookEvery = 1000 // milliseconds, while a window is open

/**
 * Three books kept by three parties, side by side: what the plan wanted, what the API confirmed,
 * what the counter counted. The counts are everybody's likes of a video, from the instant on at
 * which the plan's first like of it was due.
 */
export class Ledger {
  readonly book = new Value<Book>(empty)
  readonly #live: LiveCounts
  readonly #lengths: () => number[]
  readonly #now: () => number
  #hearsSince = Number.MAX_SAFE_INTEGER // servers' time; since then no count was missed
  #pages: Map<number, Page>[] = [new Map(), new Map(), new Map()]
  #sums = noSums
  // What each video had before its first like: its total, and its running windows.
  #before = new Map<string, { total: number | undefined; windows: Map<string, number> }>()
  #dirty: ReturnType<typeof setTimeout> | undefined
  #later: ReturnType<typeof setTimeout> | undefined

  /** lengths are those of the windows, in milliseconds; now is the servers' time. */
  constructor(live: LiveCounts, lengths: () => number[], now: () => number) {
    this.#live = live
    this.#lengths = lengths
    this.#now = now
    live.connection.subscribe(() => {
      const heard = live.connection.get().is === 'live'
      if (heard !== this.#hearsSince < Number.MAX_SAFE_INTEGER) this.#hearsSince = heard ? now() : Number.MAX_SAFE_INTEGER
    })
    live.listen({
      running: (l) => l.windows.forEach((w, row) => this.#counted(l.id, row, w, false)),
      final: (f) => this.#counted(f.id, f.window, f, true),
    })
  }

  /** Turns to a clean page. */
  begin(): void {
    this.#pages = [new Map(), new Map(), new Map()]
    this.#sums = noSums
    this.#before = new Map()
    this.#change()
  }

  /** Counts a video's likes from now on. A second time changes nothing. */
  follow(id: string): void {
    if (this.#before.has(id)) return
    const c = this.#live.newest(id)
    const windows = new Map(c.running.flatMap((w, row) => (w ? [[`${row} ${w.start}`, w.count] as const] : [])))
    // Of what the gateway did not mention there is none, once it has told what it knows.
    this.#before.set(id, { total: c.total ?? (c.told ? 0 : undefined), windows })
  }

  planned(likes: number, at: number): void {
    if (likes === 0) return
    for (const page of this.#at(at)) page.planned += likes
    this.#sums = { ...this.#sums, planned: this.#sums.planned + likes, from: Math.min(at, this.#sums.from) }
    this.#change()
  }

  sent(at: number): void {
    for (const page of this.#at(at)) page.sent++
    this.#sums = { ...this.#sums, sent: this.#sums.sent + 1, to: at }
    this.#change()
  }

  /** The ledger as something to remember, with so many likes that are on their way at this instant. */
  kept(flying: number, at: number): unknown {
    const now = this.#lengths().map((ms) => windowAt(at, ms).start)
    const pages = this.#pages.map((row, i) =>
      [...row].map(([start, p]) => [
        start,
        { ...p, sent: p.sent + (start === now[i] ? flying : 0), counted: [...p.counted], settled: [...p.settled] },
      ]),
    )
    const before = [...this.#before].map(([id, b]) => [id, { ...b, windows: [...b.windows] }])
    return { pages, before, sums: { ...this.#sums, sent: this.#sums.sent + flying } }
  }

  /** Takes up what kept gave. */
  restore(kept: unknown): void {
    try {
      const { pages, before, sums } = kept as {
        pages: [number, { planned: number; sent: number; counted: [string, number][]; settled: string[] }][][]
        before: [string, { total?: number; windows: [string, number][] }][]
        sums: Sums
      }
      this.#pages = pages.map(
        (row) => new Map(row.map(([start, p]) => [start, { ...p, counted: new Map(p.counted), settled: new Set(p.settled) }])),
      )
      this.#before = new Map(before.map(([id, b]) => [id, { total: b.total, windows: new Map(b.windows) }]))
      this.#sums = { ...noSums, ...sums }
    } catch {
      this.begin()
    }
    this.#change()
  }

  #at(at: number): Page[] {
    return this.#lengths().map((ms, row) => this.#page(row, windowAt(at, ms).start))
  }

  #page(row: number, start: number): Page {
    const pages = this.#pages[row]!
    let page = pages.get(start)
    if (!page) {
      page = { planned: 0, sent: 0, counted: new Map(), settled: new Set() }
      pages.set(start, page)
      if (pages.size > keptPages) pages.delete(Math.min(...pages.keys()))
    }
    return page
  }

  #counted(id: string, row: number, w: { start: number; end: number; count: number }, final: boolean): void {
    const before = this.#before.get(id)
    if (!before) return
    const since = w.count - (before.windows.get(`${row} ${w.start}`) ?? 0)
    // A window gets a page for what is sent in it, or for what was sent shortly before.
    const ours = since > 0 && w.end > this.#sums.from && w.start <= this.#sums.to + lag
    const page = this.#pages[row]!.get(w.start) ?? (ours ? this.#page(row, w.start) : undefined)
    if (page && (final || !page.settled.has(id))) {
      page.counted.set(id, since)
      if (final) page.settled.add(id)
    }
    this.#change() // the sums may have changed all the same
  }

  #change(): void {
    clearTimeout(this.#later)
    this.#dirty ??= setTimeout(() => {
      this.#dirty = undefined
      const book = this.#draw()
      this.book.set(book)
      // Nobody tells that a window closed without a like: one has to look.
      const open = book.lines.some((row) => row.some((line) => !line.settled && this.#now() < line.end + 2 * closingTime))
      if (open) this.#later = setTimeout(() => this.#change(), lookEvery)
    }, drawEvery)
  }

  #draw(): Book {
    const lines = this.#pages.map((pages, row) => {
      const before = new Map(this.book.get().lines[row]!.map((line) => [line.start, line]))
      return [...pages]
        .map(([start, p]) => sameLine(before.get(start), this.#line(row, start, p)))
        .sort((a, b) => a.start - b.start)
    })
    const { planned, sent } = this.#sums
    return { lines, planned, sent, counted: this.#countedInAll() }
  }

  #line(row: number, start: number, { planned, sent, counted, settled }: Page): Line {
    let sum = 0
    for (const likes of counted.values()) sum += likes
    const end = start + this.#lengths()[row]!
    const closed = this.#now() > end + closingTime
    // No final count has come of it, and none was missed: there was no like.
    const none = counted.size === 0 && this.#hearsSince <= start && closed
    const final = counted.size > 0 && counted.size === settled.size
    return {
      start,
      end,
      planned,
      sent,
      counted: counted.size > 0 || sent === 0 || none ? sum : undefined,
      settled: none || final,
      least: closed && counted.size > 0 && !final,
    }
  }

  #countedInAll(): number | undefined {
    if (this.#before.size === 0) return undefined
    let counted = 0
    for (const [id, { total }] of this.#before) {
      if (total === undefined) return undefined
      counted += (this.#live.newest(id).total ?? total) - total
    }
    return counted
  }
}

/** The line before, where nothing has changed: then nothing is drawn. */
function sameLine(before: Line | undefined, now: Line): Line {
  const same =
    before !== undefined && before.planned === now.planned && before.sent === now.sent &&
    before.counted === now.counted && before.settled === now.settled && before.least === now.least && before.end === now.end
  return same ? before : now
}
