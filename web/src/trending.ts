import type { Address } from './address'
import { readTrending, windowNames, type Trending as List } from './types'
import { Value } from './value'

const askEvery = 2000
const limit = 6

/** The most liked videos of a window, asked for now and then while somebody looks. */
export class Trending {
  /** undefined until it is known, or while the gateway does not tell. */
  readonly list = new Value<List | undefined>(undefined)
  readonly #address: Address
  #row = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(address: Address) {
    this.#address = address
  }

  /** Asks for the windows of this row from now on. */
  start(row: number): void {
    this.#row = row
    this.#next(0)
  }

  #next(wait: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(), wait)
  }

  async #ask(): Promise<void> {
    if (!document.hidden) {
      const row = this.#row
      const list = await this.#get(row).catch(() => undefined)
      if (row === this.#row) this.list.set(list)
    }
    this.#next(askEvery)
  }

  async #get(row: number): Promise<List | undefined> {
    const url = this.#address.of(`videos/trending?window=${windowNames[row]}&limit=${limit}`)
    const answer = await fetch(url, { signal: AbortSignal.timeout(5 * askEvery) })
    return answer.ok ? readTrending(await answer.json()) : undefined
  }
}
