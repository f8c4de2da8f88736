import type { Clock } from './clock'
import { recall, remember } from './remember'
import { readConfig, windowNames, type Config } from './types'
import { Value } from './value'

const minute = 60_000
const retryAfter = 2000

/** Before the gateway has ever told: whole minutes, its usual events, and no API yet. */
const untold: Config = {
  api: '',
  liveEvent: 'live_counts',
  windows: windowNames.map((name) => {
    const minutes = Number.parseInt(name, 10)
    return { event: `live_aggregations_${minutes}`, ms: minutes * minute }
  }),
  maxRooms: 200,
}

/**
 * Where the API is and what the windows are: config.json, from where the page itself came. Until
 * it answers, and it is asked until it does, what it said the last time holds.
 */
export class Address {
  readonly config: Value<Config>
  readonly #base: string
  readonly #clock: Clock

  /** base is the address of the page. */
  constructor(base: string, clock: Clock) {
    this.#base = base
    this.#clock = clock
    this.config = new Value(recall('local', 'config', readConfig) ?? untold)
  }

  /** The address of something that the gateway serves. */
  of(path: string): string {
    return new URL(path, this.#base).href
  }

  async load(): Promise<void> {
    for (;;) {
      const told = await this.#ask().catch(() => undefined)
      const config = readConfig(told)
      if (config) {
        remember('local', 'config', told)
        return this.config.set(config)
      }
      await new Promise((done) => setTimeout(done, retryAfter))
    }
  }

  async #ask(): Promise<unknown> {
    const sent = Date.now()
    const answer = await fetch(this.of('config.json'), { cache: 'no-store' })
    this.#clock.learnDate(answer.headers.get('date'), sent, Date.now())
    return answer.ok ? answer.json() : undefined
  }
}
