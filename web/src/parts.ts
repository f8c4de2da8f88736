import { createContext, useContext } from 'react'
import { Address } from './address'
import { Api } from './api'
import { beat } from './beat'
import { Clock } from './clock'
import { Ledger } from './ledger'
import { LiveCounts } from './live'
import { Plan, type Edit } from './plan'
import { recall, remember } from './remember'
import { minuteOf } from './progress'
import { Run } from './run'
import { Trending } from './trending'
import type { Video } from './types'
import { Value } from './value'
import { number } from './words'

const snapshotIn = 1500 // milliseconds that a run waits for what the gateway knows
const firstShown = 12

/** All that the page knows, outside of what it draws. */
export class Parts {
  readonly clock = new Clock()
  readonly address = new Address(document.baseURI, this.clock)
  readonly live = new LiveCounts(this.address.config.get(), this.clock)
  readonly api = new Api(this.address)
  readonly trending = new Trending(this.address)
  readonly plan = new Plan()
  readonly ledger = new Ledger(this.live, () => this.address.config.get().windows.map((w) => w.ms), this.clock.now)
  readonly run = new Run({
    plan: this.plan,
    ledger: this.ledger,
    send: (id) => this.api.like(id),
    now: this.clock.now,
    minute: () => this.address.config.get().windows[0]!.ms,
  })
  /**
   * The videos there are: those of the list; where the API was never heard, those that are liked
   * now, which nobody knows the titles of. undefined until something is known.
   */
  readonly videos = new Value<readonly Video[] | undefined>(undefined)
  /** How many videos somebody wants to see; shownOf says how many that are. */
  readonly wanted = new Value(recall('local', 'shown', (n) => (Number.isInteger(n) ? (n as number) : undefined)) ?? firstShown)
  /** What a reader of the screen is told, and nobody else: changes that are not numbers. */
  readonly said = new Value('')
  /** What was last to be said about the plan. */
  readonly note = new Value('')
  #starting = false

  start(): void {
    this.address.config.subscribe(() => this.#configured())
    this.clock.run(this.address.config.get().windows[0]!.ms)
    this.clock.roll.subscribe(() => this.live.repeat())
    this.live.connect(this.address.of('/'), new URL('socket.io/', document.baseURI).pathname)
    this.api.videos.subscribe(() => this.#listed())
    this.trending.list.subscribe(() => this.#listed())
    this.wanted.subscribe(() => void this.watch())
    this.run.progress.subscribe(() => void this.watch())
    this.#listed()
    void this.address.load()
    if (this.address.config.get().api !== '') this.api.start()
    beat(() => this.run.beat())
    addEventListener('pagehide', () => this.run.leave())
    addEventListener('pageshow', (event) => event.persisted && this.run.back())
  }

  /** Runs the plan. A second call while it begins or runs changes nothing. */
  async send(): Promise<void> {
    if (this.#starting) return
    this.#starting = true
    const patience = new Promise((done) => setTimeout(done, snapshotIn))
    await Promise.race([this.watch(true), patience])
    this.run.start()
    this.#starting = false
  }

  /**
   * Writes numbers into the plan. During a run they hold from now on; minutes that are over stay as
   * they were sent. Says what it did, where that is not plain to see.
   */
  edit(...edits: readonly Edit[]): void {
    const progress = this.run.progress.get()
    const over = minuteOf(progress)
    const before = this.plan.rows.get()
    const open = edits.map(({ id, minute, values }) => {
      const first = Math.max(minute, over)
      return { id, minute: first, values: values.slice(first - minute) }
    })
    this.plan.set(...open)
    const changed = open.filter(({ id }) => this.plan.row(id) !== (before.get(id) ?? []))
    if (progress.phase === 'running' && changed.length > 0) this.say(`The running plan now has ${this.#edited(changed)}.`)
  }

  #edited([edit, ...more]: readonly Edit[]): string {
    const { id, minute, values } = edit!
    if (more.length > 0) return `new numbers for ${more.length + 1} videos`
    const title = this.videos.get()?.find((v) => v.id === id)?.title ?? id
    const minutes = values.length > 1 ? `minutes ${minute + 1} and on` : `minute ${minute + 1}`
    return `${values.map((n) => number(n)).join(', ')} for ${minutes} of “${title}”`
  }

  /** Says something below the plan, and to a screen reader. */
  say(text: string): void {
    this.note.set(text)
    this.said.set(text)
  }

  show(n: number): void {
    this.wanted.set(n)
    remember('local', 'shown', n)
  }

  /** How many videos are shown, and how many could be. */
  shown(): { n: number; all: number } {
    const all = Math.min(this.videos.get()?.length ?? 0, this.address.config.get().maxRooms)
    return { n: Math.max(Math.min(this.wanted.get(), all), Math.min(1, all)), all }
  }

  /** Watches what is shown, and while a run runs all that it likes. */
  watch(all = false): Promise<boolean> {
    const ids = (this.videos.get() ?? []).map((v) => v.id)
    const { phase } = this.run.progress.get()
    return this.live.watch(all || phase !== 'idle' ? ids : ids.slice(0, this.shown().n))
  }

  #listed(): void {
    const listed = this.api.videos.get()
    const liked = this.trending.list.get()?.videos.map(({ id }) => ({ id, title: id }))
    const videos = listed ?? (liked && liked.length > 0 ? liked : this.videos.get())
    if (videos === undefined || JSON.stringify(videos) === JSON.stringify(this.videos.get())) return
    this.videos.set(videos)
    // A plan that is being sent stays as it is.
    const { phase } = this.run.progress.get()
    if (phase === 'idle' || phase === 'finished') this.plan.cover(videos.map((v) => v.id))
    void this.watch()
  }

  #configured(): void {
    const config = this.address.config.get()
    this.clock.run(config.windows[0]!.ms)
    if (this.live.reconfigure(config)) {
      this.live.connect(this.address.of('/'), new URL('socket.io/', document.baseURI).pathname)
    }
    this.api.start()
    void this.watch()
  }
}

export const PartsContext = createContext<Parts | undefined>(undefined)

export function useParts(): Parts {
  const parts = useContext(PartsContext)
  if (!parts) throw new Error('no parts: the page is drawn within a PartsContext')
  return parts
}
