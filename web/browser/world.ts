import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import { freePorts, Program } from './program'

const titles = ['Stream processing made simple', 'Faust rocks', 'How to create distributed counter', 'Tides', 'Bread',
  'Plum', 'Trieste', 'Moss']

/** A shortest window of two seconds, so that a plan takes twenty. All else is as people have it. */
export const pane = 2000

/** How long a machine that does much else is waited for, in milliseconds. */
export const patience = 60_000

/** Kafka and a processor in one process, and Chromium: what the places of one file share. */
export class World {
  readonly kafka: Program
  readonly #dir: string
  readonly #settings: Record<string, string>
  #browser: Browser | undefined
  #places = 0

  private constructor([kafka, api, gateway, admin]: number[]) {
    this.#dir = mkdtempSync(join(tmpdir(), 'like-counter-'))
    const broker = `127.0.0.1:${kafka}`
    this.#settings = { KAFKA_BROKERS: broker, COUNTER_KAFKA_ADDR: broker, COUNTER_API_ORIGINS: '*', COUNTER_PANE: `${pane}ms` }
    this.kafka = new Program('standalone', admin!, {
      ...this.#settings,
      COUNTER_DATA_DIR: join(this.#dir, 'data'),
      COUNTER_API_ADDR: `127.0.0.1:${api}`,
      COUNTER_GATEWAY_ADDR: `127.0.0.1:${gateway}`,
    })
  }

  static async start(): Promise<World> {
    const world = new World(await freePorts(4))
    try {
      await world.kafka.start()
      world.#browser = await launch()
    } catch (error) {
      await world.stop()
      throw error
    }
    return world
  }

  async stop(): Promise<void> {
    await this.#browser?.close()
    await this.kafka.stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  /** A place with so many videos. */
  async place(videos: number): Promise<Place> {
    const n = ++this.#places
    const list = Array.from({ length: videos }, (_, i) => ({
      unique_identifier: `video-${n}-${i + 1}`,
      title: titles[i] ?? `Video number ${i + 1}`,
    }))
    const file = join(this.#dir, `videos-${n}.json`)
    writeFileSync(file, JSON.stringify(list))
    const ids = list.map((video) => video.unique_identifier)
    const settings = { ...this.#settings, COUNTER_VIDEOS_FILE: file }
    const place = new Place(this.#browser!, ids, settings, await freePorts(4))
    try {
      await Promise.all([place.api.start(), place.gateway.start()])
    } catch (error) {
      await place.leave()
      throw error
    }
    return place
  }
}

/**
 * Where one story takes place: videos that nobody else likes, and an API and a gateway, each a
 * process, so that each can be taken away and no other story notices.
 */
export class Place {
  readonly api: Program
  readonly gateway: Program
  readonly ids: readonly string[]
  readonly origin: string
  readonly apiUrl: string
  readonly #browser: Browser
  readonly #contexts: BrowserContext[] = []

  constructor(browser: Browser, ids: readonly string[], settings: Record<string, string>, ports: number[]) {
    const [api, gateway, apiAdmin, gatewayAdmin] = ports
    this.#browser = browser
    this.ids = ids
    this.origin = `http://127.0.0.1:${gateway}`
    this.apiUrl = `http://127.0.0.1:${api}/dev`
    this.api = new Program('functions', apiAdmin!, { ...settings, COUNTER_API_ADDR: `127.0.0.1:${api}` })
    this.gateway = new Program('gateway', gatewayAdmin!, {
      ...settings, COUNTER_GATEWAY_ADDR: `127.0.0.1:${gateway}`, COUNTER_PAGE_API: `:${api}/dev`,
    })
  }

  /** A page in a browser of its own, nothing of which is known to another. */
  async visit(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(options)
    await page.goto(this.origin)
    return page
  }

  /** The same, at no address yet. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1600, height: 1000 }, ...options })
    context.setDefaultTimeout(patience)
    this.#contexts.push(context)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    return context.newPage()
  }

  /** Sends likes past the page. */
  async like(id: string, likes: number): Promise<void> {
    for (let i = 0; i < likes; i++) {
      const answer = await fetch(`${this.apiUrl}/videos/${id}/likes`, { method: 'POST' })
      if (!answer.ok) throw new Error(`like: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
    }
  }

  /** What its pages show and its programs said: for whoever asks what went wrong. */
  async report(): Promise<string> {
    const pages = this.#contexts.flatMap((context) => context.pages())
    const shown = await Promise.all(pages.map((page) => page.locator('body').innerText({ timeout: 5000 }).catch(String)))
    return [...shown, this.api.words, this.gateway.words].join('\n----\n')
  }

  async leave(): Promise<void> {
    // A request that a test answers itself may still be on its way: its handler ends first.
    await Promise.all(this.#contexts.flatMap((context) => context.pages()).map((page) => page.unrouteAll({ behavior: 'wait' })))
    await Promise.all(this.#contexts.map((context) => context.close()))
    await Promise.all([this.gateway.stop(), this.api.stop()])
  }
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}
