import type { Address } from './address'
import { recall, remember } from './remember'
import { readVideos, type Video } from './types'
import { Value } from './value'

/** Whether likes are taken: a text says why not, for people. */
export type Health = { is: 'connecting' } | { is: 'ready' } | { is: 'refusing' | 'away'; since: number; why: string }

/**
 * What became of a like. Refused: surely not counted. Unanswered: not counted, most probably; nobody
 * knows. again is in how many milliseconds it may be sent again, if at all.
 */
export type Outcome = { is: 'counted' } | { is: 'refused' | 'unanswered'; why: string; again: number | undefined }

const likeTimeout = 10_000
const listTimeout = 10_000
const listEvery = 30_000
const listRetry = { first: 1000, last: 10_000 }
const noAnswer = 'the API does not answer'

/** The HTTP API: the list of videos, and likes. It asks for the list until it has it, and again now and then. */
export class Api {
  readonly health = new Value<Health>({ is: 'connecting' })
  /** The list; at first the one of the last visit, if there was one. */
  readonly videos = new Value<readonly Video[] | undefined>(recall('local', 'videos', readVideos))
  readonly #address: Address
  #timer: ReturnType<typeof setTimeout> | undefined
  #fails = 0

  constructor(address: Address) {
    this.#address = address
  }

  start(): void {
    if (this.#timer === undefined) addEventListener('online', () => this.retry())
    this.retry()
  }

  /** Asks for the list now. */
  retry(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#list())
  }

  /**
   * Sends one like. A body would only cost a question of the browser's beforehand; keepalive lets
   * it arrive although the page is left.
   */
  async like(id: string): Promise<Outcome> {
    const outcome = await this.#post(id)
    if (outcome.is === 'counted') this.#ready()
    else if (outcome.again !== undefined) this.#fail(outcome.why === noAnswer ? 'away' : 'refusing', outcome.why)
    return outcome
  }

  async #post(id: string): Promise<Outcome> {
    let answer: Response
    try {
      const url = `${this.#base()}/videos/${encodeURIComponent(id)}/likes`
      answer = await fetch(url, { method: 'POST', keepalive: true, signal: AbortSignal.timeout(likeTimeout) })
    } catch {
      return { is: 'unanswered', why: noAnswer, again: 0 }
    }
    if (answer.ok) {
      void answer.arrayBuffer().catch(() => undefined) // read to its end, the connection is free for the next
      return { is: 'counted' }
    }
    const why = await detail(answer)
    const again = Number(answer.headers.get('retry-after') ?? 1) * 1000
    if (answer.status === 429) return { is: 'refused', why, again }
    if (answer.status >= 500) return { is: 'unanswered', why, again }
    return { is: 'refused', why, again: undefined }
  }

  async #list(): Promise<void> {
    let wait = listEvery
    try {
      const answer = await fetch(`${this.#base()}/videos/metadata`, { signal: AbortSignal.timeout(listTimeout) })
      const list: unknown = answer.ok ? await answer.json() : undefined
      const videos = readVideos(list)
      if (!videos) throw new Error('no list')
      if (JSON.stringify(videos) !== JSON.stringify(this.videos.get())) this.videos.set(videos)
      remember('local', 'videos', list)
      // The list comes without Kafka too: only a like can tell that likes are taken again.
      if (this.health.get().is !== 'refusing') this.#ready()
      this.#fails = 0
    } catch {
      this.#fail('away', noAnswer)
      wait = Math.min(listRetry.first * 2 ** this.#fails++, listRetry.last)
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#list(), wait)
  }

  #base(): string {
    const { api } = this.#address.config.get()
    if (api === '') throw new Error('the address of the API is not known yet')
    return api
  }

  #ready(): void {
    if (this.health.get().is !== 'ready') this.health.set({ is: 'ready' })
  }

  #fail(is: 'refusing' | 'away', why: string): void {
    const before = this.health.get()
    if (before.is === is && before.why === why) return
    const since = 'since' in before ? before.since : Date.now()
    this.health.set({ is, since, why })
    // When it is back the list says so, before somebody's like does.
    if (is === 'away' && this.#fails === 0) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => void this.#list(), listRetry.first)
    }
  }
}

/** The sentence of a problem (RFC 9457), or its status. */
async function detail(answer: Response): Promise<string> {
  const problem: unknown = await answer.json().catch(() => undefined)
  const said = (problem as { detail?: unknown } | undefined)?.detail
  return typeof said === 'string' ? said : `the API answered ${answer.status}`
}
