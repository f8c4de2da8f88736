import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const root = new URL('../..', import.meta.url).pathname
const startWithin = 60_000
const titles = ['Stream processing made simple', 'Faust rocks', 'How to create distributed counter', 'Tides', 'Bread',
  'Plum', 'Trieste', 'Moss']

/** A shortest window of two seconds: a plan takes twenty. */
export const pane = 2000
const times = {
  COUNTER_PANE: '2s', COUNTER_GRACE: '1s', COUNTER_IDLE_AFTER: '500ms', COUNTER_API_DEADLINE: '800ms',
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** One of our programs, as make builds it, at ports of its own. */
class Program {
  readonly #name: string
  readonly #env: Record<string, string>
  readonly #admin: string
  #process: ChildProcess | undefined
  #said = ''

  constructor(name: string, adminPort: number, env: Record<string, string>) {
    this.#name = name
    this.#admin = `127.0.0.1:${adminPort}`
    this.#env = { PATH: process.env['PATH']!, COUNTER_ADMIN_ADDR: this.#admin, ...env }
  }

  /** Starts it, and waits until it says that it is ready. */
  async start(): Promise<void> {
    const child = spawn(join(root, 'dist', this.#name), { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    const hear = (text: Buffer) => (this.#said = (this.#said + text).slice(-4000))
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', (error) => (this.#said += error.message))
    const until = Date.now() + startWithin
    for (;;) {
      const answer = await fetch(`http://${this.#admin}/readyz`).catch(() => undefined)
      await answer?.arrayBuffer()
      if (answer?.ok) return
      if (child.exitCode !== null || Date.now() > until) throw new Error(`${this.#name} does not start:\n${this.#said}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

/**
 * Everything, real: Kafka and a processor in one process, an API and a gateway in one each, so that
 * each can be taken away, and Chromium.
 */
export class World {
  readonly kafka: Program
  readonly api: Program
  readonly gateway: Program
  readonly origin: string
  readonly apiUrl: string
  readonly videos: { unique_identifier: string; title: string }[]
  readonly #dir: string
  #browser: Browser | undefined

  private constructor(dir: string, ports: number[], videos: number) {
    const at = (i: number) => `127.0.0.1:${ports[i]}`
    this.#dir = dir
    this.videos = Array.from({ length: videos }, (_, i) => ({
      unique_identifier: `video-${i + 1}`,
      title: titles[i] ?? `Video number ${i + 1}`,
    }))
    const list = join(dir, 'videos.json')
    writeFileSync(list, JSON.stringify(this.videos))
    const shared = { KAFKA_BROKERS: at(0), COUNTER_KAFKA_ADDR: at(0), COUNTER_VIDEOS_FILE: list, COUNTER_API_ORIGINS: '*', ...times }
    this.origin = `http://${at(3)}`
    this.apiUrl = `http://${at(2)}/dev`
    this.kafka = new Program('standalone', ports[4]!, {
      ...shared, COUNTER_DATA_DIR: join(dir, 'data'), COUNTER_API_ADDR: at(1), COUNTER_GATEWAY_ADDR: at(7),
    })
    this.api = new Program('functions', ports[5]!, { ...shared, COUNTER_API_ADDR: at(2) })
    this.gateway = new Program('gateway', ports[6]!, {
      ...shared, COUNTER_GATEWAY_ADDR: at(3), COUNTER_PAGE_API: `:${ports[2]}/dev`,
    })
  }

  static async start({ videos = 3 } = {}): Promise<World> {
    const ports: number[] = []
    while (ports.length < 8) {
      const port = await freePort()
      if (!ports.includes(port)) ports.push(port)
    }
    const world = new World(mkdtempSync(join(tmpdir(), 'like-counter-')), ports, videos)
    try {
      await world.kafka.start()
      await Promise.all([world.api.start(), world.gateway.start()])
      world.#browser = await launch()
    } catch (error) {
      await world.stop()
      throw error
    }
    return world
  }

  async stop(): Promise<void> {
    await this.#browser?.close()
    await Promise.all([this.gateway.stop(), this.api.stop()])
    await this.kafka.stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  /** A page in a browser of its own, nothing of which is known to another. */
  async visit(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(options)
    await page.goto(this.origin)
    return page
  }

  /** The same, at no address yet. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser!.newContext({ viewport: { width: 1600, height: 1000 }, ...options })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    return context.newPage()
  }

  /** Closes all pages: those of one story are not to slow down the next. */
  async leave(): Promise<void> {
    await Promise.all(this.#browser!.contexts().map((context) => context.close()))
  }

  /** Sends likes past the page. */
  async like(id: string, likes: number): Promise<void> {
    for (let i = 0; i < likes; i++) {
      const answer = await fetch(`${this.apiUrl}/videos/${id}/likes`, { method: 'POST' })
      if (!answer.ok) throw new Error(`like: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
    }
  }
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}
