import type { Outcome } from './api'
import type { Ledger } from './ledger'
import { due, minutes, sum, type Plan } from './plan'
import { idle, readKept, type Kept, type Progress } from './progress'
import { recall, remember } from './remember'
import { Value } from './value'

/** A browser has six connections to a host: one stays free for whoever clicks a heart. */
const atOnce = 5
const tellEvery = 200 // milliseconds
const keepEvery = 1000 // milliseconds; should the browser crash, that much is sent again
const pause = { first: 500, last: 10_000 } // after failures
const rateOver = 5000 // milliseconds
const longestBeat = 2000 // milliseconds
// A browser that leaves a page cancels what is on its way, and only then says that it leaves: a like
// without an answer is given up so many milliseconds later, when we are still here.
const stillHere = 500

export type RunConfig = {
  plan: Plan
  ledger: Ledger
  send: (id: string) => Promise<Outcome>
  now: () => number // the servers' clock, for the ledger
  minute: () => number // a minute of the plan, in milliseconds
}

/**
 * Sends the likes of the plan, minute i's in minute i. What is due follows from the plan as it is
 * at this moment and from how much of it has passed, so an edit takes effect at once, and what
 * could not be sent stays due. Somebody has to call beat often.
 */
export class Run {
  readonly progress = new Value<Progress>(idle)
  /** Likes sent, by video. */
  readonly sent = new Value<ReadonlyMap<string, number>>(new Map())
  readonly #c: RunConfig
  #p = { ...idle }
  #sent = new Map<string, number>()
  #flying = new Map<string, number>() // on their way, by video
  #inFlight = 0 // and in all
  #refused = new Set<string>()
  #beatAt = 0
  #toldAt = 0
  #keptAt = 0
  #failures = 0 // one after the other
  #turn = 0
  #left = false
  #recent: number[] = []

  constructor(config: RunConfig) {
    this.#c = config
    const kept = recall('session', 'run', readKept)
    if (!kept) return
    this.#p = { ...idle, ...kept.progress, phase: 'stopped', rate: 0, trouble: undefined, again: undefined }
    this.#sent = new Map(kept.sent)
    config.ledger.restore(kept.ledger)
    this.#tell()
  }

  /**
   * Begins the plan from its first minute. A run that runs is not disturbed. The counts of all
   * videos should be known by now, as far as they can be: the ledger begins with them.
   */
  start(): void {
    if (this.#p.phase === 'running') return
    this.#sent = new Map()
    this.#refused.clear()
    this.#p = { ...idle }
    this.#c.ledger.begin()
    this.resume()
  }

  /** Goes on where the run was stopped. */
  resume(): void {
    if (this.#p.phase === 'running') return
    this.#enter('running')
    this.#p.again = undefined
    this.#beatAt = Date.now()
    this.#failures = 0
    this.#recent = []
    this.beat()
    this.#tell()
  }

  stop(): void {
    if (this.#p.phase !== 'running') return
    this.beat()
    this.#enter('stopped')
    this.#p.again = undefined
    this.#tell()
  }

  /** Tries again now what failed. */
  retry(): void {
    this.#p.again = undefined
    this.beat()
    this.#tell()
  }

  beat(): void {
    if (this.#p.phase !== 'running') return
    const now = Date.now()
    // A clock that is set back does not send the plan back, and a computer that slept does not make
    // up for it in one burst.
    const passed = Math.min(Math.max(0, now - this.#beatAt), longestBeat)
    // In whole milliseconds: a sum of many fractions ends just before the like that is due just then.
    const minute = this.#c.minute()
    this.#p.passed = Math.min(minutes, Math.round(this.#p.passed * minute + passed) / minute)
    this.#beatAt = now
    this.#reckon()
    this.#dispatch()
    this.#finish()
    if (now - this.#toldAt >= tellEvery || now < this.#toldAt) this.#tell()
  }

  /**
   * Stops, and writes down how the run stands, for the last time: whatever is on its way arrives,
   * but its answers do not any more.
   */
  leave(): void {
    if (this.#p.phase === 'running') this.#enter('stopped')
    this.#keptAt = 0
    this.#tell()
    this.#left = true
  }

  /** Undoes leave: the browser has shown the same page again. */
  back(): void {
    this.#left = false
    this.#tell()
  }

  #enter(phase: Progress['phase']): void {
    this.#p.phase = phase
    this.#keptAt = 0 // keeps this, whenever it was that something was kept
  }

  #keep(): void {
    const now = Date.now()
    if (this.#left || (now >= this.#keptAt && now - this.#keptAt < keepEvery)) return
    this.#keptAt = now
    const { phase, ...progress } = this.#p
    if (phase === 'idle' || phase === 'finished') return remember('session', 'run', undefined)
    const sent = new Map(this.#sent)
    for (const [id, n] of this.#flying) sent.set(id, (sent.get(id) ?? 0) + n)
    const flying = this.#inFlight
    const kept = { ...progress, sent: progress.sent + flying, unheard: progress.unheard + flying }
    const ledger = this.#c.ledger.kept(flying, this.#c.now())
    remember('session', 'run', { progress: kept, sent: [...sent], ledger } satisfies Kept)
  }

  #reckon(): void {
    const before = this.#p.due
    let all = 0
    let row = 0
    for (const [id, likes] of this.#c.plan.rows.get()) {
      const now = due(likes, this.#p.passed, phase(row++))
      if (now > 0) this.#c.ledger.follow(id)
      all += now
    }
    this.#p.due = all
    this.#c.ledger.planned(all - before, this.#c.now())
  }

  /** Sends what is due, video by video in turn, as far as connections are free. */
  #dispatch(): void {
    if (this.#p.again !== undefined && Date.now() < this.#p.again) return
    const rows = [...this.#c.plan.rows.get()]
    let idleRows = 0
    while (this.#inFlight < atOnce && idleRows < rows.length) {
      const turn = this.#turn++ % rows.length
      const [id, likes] = rows[turn]!
      const flying = this.#flying.get(id) ?? 0
      const open = due(likes, this.#p.passed, phase(turn)) - (this.#sent.get(id) ?? 0) - flying
      if (open <= 0 || this.#refused.has(id)) {
        idleRows++
        continue
      }
      idleRows = 0
      this.#flying.set(id, flying + 1)
      this.#inFlight++
      void this.#send(id)
    }
  }

  async #send(id: string): Promise<void> {
    const outcome = await this.#c.send(id)
    if (outcome.is === 'unanswered') await new Promise((done) => setTimeout(done, stillHere))
    this.#landed(id, outcome)
  }

  #landed(id: string, outcome: Outcome): void {
    this.#flying.set(id, (this.#flying.get(id) ?? 1) - 1)
    this.#inFlight--
    // Once the page is left, nobody tries again: what is on its way is taken for sent.
    if (outcome.is === 'counted' || this.#left) {
      if (outcome.is !== 'counted') this.#p.unheard++
      this.#sent.set(id, (this.#sent.get(id) ?? 0) + 1)
      this.#p.sent++
      this.#recent.push(Date.now())
      this.#c.ledger.sent(this.#c.now())
      this.#failures = 0
      this.#p.trouble = undefined
      this.#p.again = undefined
    } else {
      this.#failed(id, outcome)
    }
    if (this.#p.phase === 'running') this.beat()
    else this.#tell()
  }

  #failed(id: string, outcome: Exclude<Outcome, { is: 'counted' }>): void {
    this.#p.failed++
    if (outcome.is === 'unanswered') this.#p.unanswered++
    this.#p.trouble = outcome.why
    if (outcome.again === undefined) {
      this.#refused.add(id) // for good
      return
    }
    // Those that fail together fail once.
    if (this.#p.again !== undefined && this.#p.again > Date.now()) return
    const wait = Math.min(pause.first * 2 ** this.#failures++, pause.last)
    this.#p.again = Date.now() + Math.max(wait, outcome.again)
  }

  #finish(): void {
    const left = [...this.#c.plan.rows.get()].some(
      ([id, likes]) => !this.#refused.has(id) && (this.#sent.get(id) ?? 0) < sum(likes),
    )
    if (this.#p.passed < minutes || left || this.#inFlight > 0) return
    this.#enter('finished')
    this.#tell()
  }

  #tell(): void {
    const now = Date.now()
    this.#toldAt = now
    this.#recent = this.#recent.filter((at) => at > now - rateOver)
    const since = Math.max(1000, Math.min(rateOver, now - (this.#recent[0] ?? now)))
    this.#p.rate = this.#p.phase === 'running' ? (this.#recent.length * 1000) / since : 0
    this.progress.set({ ...this.#p })
    this.sent.set(new Map(this.#sent))
    this.#keep()
  }
}

/** Golden steps: however many rows there are, their phases are spread. */
const phase = (row: number): number => (row * 0.6180339887) % 1
