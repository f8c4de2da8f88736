import { io, type Socket } from 'socket.io-client'
import type { Clock } from './clock'
import { History } from './history'
import { readFinal, readLive, type Config, type Final, type Live } from './types'
import { Value } from './value'
import { nothingKnown, runOn, type Counts } from './windows'

/** Whether counts come. A text says why not. */
export type Connection = { is: 'connecting' } | { is: 'live' } | { is: 'away'; since: number; why: string }

/** Somebody who wants every count as it comes, not only the newest. */
export type Listener = { running?: (live: Live) => void; final?: (final: Final) => void }

const drawEvery = 100 // milliseconds: faster than that nobody reads numbers
const unseenAtOnce = 20 // videos whose change is told at a time, beside all those that are looked at
const answerIn = 10_000 // milliseconds a gateway has for an acknowledgement
const reconnect = { reconnectionDelay: 500, reconnectionDelayMax: 5000, timeout: 5000 }

/**
 * The counts, as the gateway pushes them. It knows nothing of what is drawn: whoever wants a
 * video's counts observes its Value, and says with watch which videos are wanted. When the
 * connection is lost it comes back by itself, registers again, and is told what it missed.
 */
export class LiveCounts {
  readonly connection = new Value<Connection>({ is: 'connecting' })
  readonly #clock: Clock
  readonly #videos = new Map<string, { counts: Value<Counts>; history: History; next: Counts }>()
  readonly #listeners = new Set<Listener>()
  readonly #looked = new Set<string>()
  readonly #changed = new Set<string>() // since it was told, whoever waits longest first
  #config: Config
  #socket: Socket | undefined
  #watched: string[] = []
  #registered: Promise<boolean> = Promise.resolve(false)
  #lostAt: number | undefined
  #draw: ReturnType<typeof setTimeout> | undefined
  #again: ReturnType<typeof setTimeout> | undefined

  constructor(config: Config, clock: Clock) {
    this.#config = config
    this.#clock = clock
  }

  /** Connects to the gateway that has this origin, for good. */
  connect(origin: string, path: string): void {
    const socket = io(origin, { path, transports: ['websocket'], ...reconnect })
    this.#socket = socket
    socket.on('connect', () => this.#register())
    socket.on('disconnect', (why) => {
      this.#away(why)
      // The library takes a server's goodbye as final; a gateway that restarts says goodbye.
      if (why === 'io server disconnect') this.#again = setTimeout(() => socket.connect(), reconnect.reconnectionDelay)
    })
    socket.on('connect_error', (error) => {
      this.#away(error.message)
      if (!socket.active) this.#again = setTimeout(() => socket.connect(), reconnect.reconnectionDelayMax)
    })
    socket.on('error_message', (problem: unknown) => console.warn('gateway:', problem))
    this.#listen(socket)
    addEventListener('offline', () => socket.io.engine?.close())
    addEventListener('online', () => this.retry())
  }

  /** Tries to connect now rather than in some seconds. */
  retry(): void {
    clearTimeout(this.#again)
    if (!this.#socket?.connected) this.#socket?.disconnect().connect()
  }

  /** Takes what the gateway has told. Other events or windows need a new connection: then it is true. */
  reconfigure(config: Config): boolean {
    const { liveEvent, windows } = this.#config
    this.#config = config
    if (JSON.stringify([liveEvent, windows]) === JSON.stringify([config.liveEvent, config.windows])) return false
    for (const v of this.#videos.values()) v.history = new History(this.#chartSpan())
    this.#socket?.off()
    this.#socket?.disconnect()
    return true
  }

  /**
   * Watches exactly these videos, as many as the gateway allows. True once the gateway has told
   * what it knows of each; false where it did not.
   */
  watch(ids: readonly string[]): Promise<boolean> {
    const list = ids.slice(0, this.#config.maxRooms)
    const same = list.length === this.#watched.length && list.every((id, i) => id === this.#watched[i])
    this.#watched = list
    return same || !this.#socket?.connected ? this.#registered : this.#register()
  }

  of(id: string): Value<Counts> {
    return this.#video(id).counts
  }

  /** Somebody looks at this video, until the answer is called: its changes come before others'. */
  look(id: string): () => void {
    this.#looked.add(id)
    if (this.#changed.has(id)) this.#change(id)
    return () => this.#looked.delete(id)
  }

  /** Tells all counts once more, although nothing was heard: windows have rolled over. */
  repeat(): void {
    for (const id of this.#watched) {
      const v = this.#video(id)
      v.next = { ...v.next }
      this.#change(id)
    }
  }

  /** The counts as they are, also those that of does not tell yet. */
  newest(id: string): Counts {
    return this.#video(id).next
  }

  /** Likes over the last ten of the shortest windows. */
  historyOf(id: string): History {
    return this.#video(id).history
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #chartSpan(): number {
    return this.#config.windows[2]!.ms
  }

  #register(): Promise<boolean> {
    const socket = this.#socket!
    const watched = this.#watched
    const asked = socket.timeout(answerIn).emitWithAck('register_room', { rooms: watched })
    this.#registered = asked.then(
      () => {
        // What a gateway knows of its rooms comes before its answer: it is shown before we say live.
        for (const id of watched) {
          const v = this.#video(id)
          v.next = { ...v.next, told: true }
          this.#changed.add(id)
        }
        this.#tell()
        this.connection.set({ is: 'live' })
        this.#lostAt = undefined
        return true
      },
      () => {
        // Connected, and yet nobody there: begin anew.
        if (socket.connected) socket.io.engine?.close()
        return false
      },
    )
    return this.#registered
  }

  #away(why: string): void {
    this.#registered = Promise.resolve(false)
    this.#lostAt ??= this.#clock.now()
    const before = this.connection.get()
    const since = before.is === 'away' ? before.since : Date.now()
    this.connection.set({ is: 'away', since, why })
  }

  #listen(socket: Socket): void {
    socket.on(this.#config.liveEvent, (payload: unknown) => {
      const live = readLive(payload)
      if (live) this.#running(live)
    })
    for (const event of new Set(this.#config.windows.map((w) => w.event))) {
      socket.on(event, (payload: unknown) => {
        const final = readFinal(payload)
        if (final) this.#final(final)
      })
    }
  }

  #running(live: Live): void {
    this.#clock.learnWritten(live.asOf)
    const v = this.#video(live.id)
    v.next = { ...runOn(v.next, live.windows), total: Math.max(live.total, v.next.total ?? 0) }
    v.history.observe({ total: live.total, at: this.#clock.now(), lostAt: this.#lostAt, known: v.next })
    this.#change(live.id)
    for (const l of this.#listeners) l.running?.(live)
  }

  #final(final: Final): void {
    const v = this.#video(final.id)
    const finals = v.next.finals.map((known, row) => (row === final.window ? final : known))
    v.next = { ...v.next, total: Math.max(final.total, v.next.total ?? 0), finals }
    this.#change(final.id)
    for (const l of this.#listeners) l.final?.(final)
  }

  #video(id: string) {
    let v = this.#videos.get(id)
    if (!v) {
      v = { counts: new Value(nothingKnown), history: new History(this.#chartSpan()), next: nothingKnown }
      this.#videos.set(id, v)
    }
    return v
  }

  #change(id: string): void {
    this.#changed.add(id)
    this.#draw ??= setTimeout(() => this.#tell(), drawEvery)
  }

  /**
   * Changes are told together, some times a second. However many videos there are, each time is
   * short: what nobody looks at takes turns.
   */
  #tell(): void {
    clearTimeout(this.#draw)
    this.#draw = undefined
    let unseen = 0
    for (const id of [...this.#changed]) {
      if (!this.#looked.has(id) && unseen++ >= unseenAtOnce) continue
      this.#changed.delete(id)
      const v = this.#video(id)
      v.counts.set(v.next)
    }
    if (this.#changed.size > 0) this.#draw = setTimeout(() => this.#tell(), drawEvery)
  }
}
