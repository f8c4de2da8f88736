import { Value } from './value'
import { windowAt } from './windows'

/**
 * The servers' time, as well as it is known here: windows roll over by their clock, and that of a
 * viewer's computer may be minutes off. Two things are learnt: the Date header of an answer, exact
 * to the second and less exact by the journey; and the time in a running count, which cannot have
 * been written later than it came.
 */
export class Clock {
  #skew = 0 // milliseconds to add to this computer's clock
  #step = 1000
  #shortest = 60_000
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Changes at each step of the servers' clock; on whole seconds, unless windows are short. */
  readonly tick = new Value(Date.now())
  /** The instant at which the last of the shortest windows began: for what nobody looks at. */
  readonly roll = new Value(0)

  readonly now = (): number => Date.now() + this.#skew

  /** An answer with this Date header was asked for at sent and came at received, by our clock. */
  learnDate(header: string | null, sent: number, received: number): void {
    const date = header === null ? Number.NaN : Date.parse(header)
    if (Number.isNaN(date)) return
    const least = date - received
    const most = date + 1000 - sent
    this.#skew = Math.min(Math.max(this.#skew, least), most)
  }

  /** A running count that was written at asOf came just now. */
  learnWritten(asOf: number): void {
    if (asOf > this.now()) this.#skew = asOf - Date.now()
  }

  /** Steps go by the shortest window: ten of them at least. */
  run(shortestWindow: number): void {
    this.#shortest = shortestWindow
    this.#step = Math.min(1000, Math.max(100, shortestWindow / 10))
    this.stop()
    this.#beat()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  readonly #beat = (): void => {
    this.tick.set(this.now())
    this.roll.set(windowAt(this.now(), this.#shortest).start)
    this.#timer = setTimeout(this.#beat, this.#step - (this.now() % this.#step))
  }
}
