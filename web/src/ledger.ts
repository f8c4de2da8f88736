import type { LiveCounts } from './live'
import { Value } from './value'
import { windowAt } from './windows'

/** What became of a run's likes in one window. counted is undefined where no count was heard. */
export type Line = { start: number; end: number; planned: number; sent: number; counted: number | undefined; settled: boolean }

/** Lines by row of windows, and the sums: all that the run's videos got since it began. */
export type Book = { lines: readonly (readonly Line[])[]; planned: number; sent: number; counted: number | undefined }

type Page = { planned: number; sent: number; counted: Map<string, number>; settled: Set<string> }

const empty: Book = { lines: [[], [], []], planned: 0, sent: 0, counted: undefined }
const keptPages = 64 // per row of windows: a run that is late by more loses its first lines

/**
 * Three books kept by three parties, side by side: what the plan wanted, what the API confirmed,
 * what the counter counted. The counts are everybody's likes, from the instant the run began.
 */
export class Ledger {
  readonly book = new Value<Book>(empty)
  readonly #live: LiveCounts
  readonly #lengths: () => number[]
  #pages: Map<number, Page>[] = [new Map(), new Map(), new Map()]
  #totals = { planned: 0, sent: 0 }
  // What each video had when the run began: its total, and its running windows.
  #before = new Map<string, { total: number | undefined; windows: Map<string, number> }>()
  #dirty: ReturnType<typeof setTimeout> | undefined

  /** lengths are those of the windows, in milliseconds. */
  constructor(live: LiveCounts, lengths: () => number[]) {
    this.#live = live
    this.#lengths = lengths
    live.listen({
      running: (l) => {
        l.windows.forEach((w, row) => this.#counted(l.id, row, w, false))
        this.#change()
      },
      final: (f) => {
        this.#counted(f.id, f.window, f, true)
        this.#change()
      },
    })
  }

  /**
   * Turns to a clean page, for the likes of these videos. known says that the gateway has told what
   * it knows of them: of what it did not mention there is none.
   */
  begin(ids: Iterable<string>, known: boolean): void {
    this.#pages = [new Map(), new Map(), new Map()]
    this.#totals = { planned: 0, sent: 0 }
    this.#before = new Map()
    for (const id of ids) {
      const c = this.#live.newest(id)
      const windows = new Map(c.running.flatMap((w, row) => (w ? [[`${row} ${w.start}`, w.count] as const] : [])))
      this.#before.set(id, { total: c.total ?? (known ? 0 : undefined), windows })
    }
    this.#change()
  }

  planned(likes: number, at: number): void {
    this.#totals.planned += likes
    for (const page of this.#at(at)) page.planned += likes
    if (likes !== 0) this.#change()
  }

  sent(at: number): void {
    this.#totals.sent++
    for (const page of this.#at(at)) page.sent++
    this.#change()
  }

  /** The ledger as something to remember; so many likes are on their way. */
  kept(flying: number): unknown {
    const pages = this.#pages.map((row) =>
      [...row].map(([start, p]) => [start, { ...p, counted: [...p.counted], settled: [...p.settled] }]),
    )
    const before = [...this.#before].map(([id, b]) => [id, { ...b, windows: [...b.windows] }])
    return { pages, before, totals: { ...this.#totals, sent: this.#totals.sent + flying } }
  }

  /** Takes up what kept gave. */
  restore(kept: unknown): void {
    try {
      const { pages, before, totals } = kept as {
        pages: [number, { planned: number; sent: number; counted: [string, number][]; settled: string[] }][][]
        before: [string, { total?: number; windows: [string, number][] }][]
        totals: { planned: number; sent: number }
      }
      this.#pages = pages.map(
        (row) => new Map(row.map(([start, p]) => [start, { ...p, counted: new Map(p.counted), settled: new Set(p.settled) }])),
      )
      this.#before = new Map(before.map(([id, b]) => [id, { total: b.total, windows: new Map(b.windows) }]))
      this.#totals = totals
    } catch {
      this.begin([], false)
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

  #counted(id: string, row: number, w: { start: number; count: number }, final: boolean): void {
    const page = this.#pages[row]!.get(w.start)
    const before = this.#before.get(id)
    if (!page || !before || (page.settled.has(id) && !final)) return
    page.counted.set(id, w.count - (before.windows.get(`${row} ${w.start}`) ?? 0))
    if (final) page.settled.add(id)
  }

  #change(): void {
    this.#dirty ??= setTimeout(() => {
      this.#dirty = undefined
      this.book.set(this.#draw())
    }, 100)
  }

  #draw(): Book {
    const lines = this.#pages.map((pages, row) =>
      [...pages]
        .map(([start, p]): Line => {
          const heard = p.counted.size > 0 || p.sent === 0
          const counted = heard ? [...p.counted.values()].reduce((a, b) => a + b, 0) : undefined
          const settled = p.counted.size > 0 && [...p.counted.keys()].every((id) => p.settled.has(id))
          return { start, end: start + this.#lengths()[row]!, planned: p.planned, sent: p.sent, counted, settled }
        })
        .sort((a, b) => a.start - b.start),
    )
    return { lines, ...this.#totals, counted: this.#countedInAll() }
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
