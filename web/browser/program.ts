import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

const root = new URL('../..', import.meta.url).pathname
const startWithin = 60_000

/** So many ports of this machine that nobody listens at, all of them different. */
export async function freePorts(n: number): Promise<number[]> {
  const servers = Array.from({ length: n }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** One of our programs, as make builds it, at ports of its own. */
export class Program {
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

  /** Its name, and the last that it logged: for whoever asks what went wrong. */
  get words(): string {
    return `${this.#name}:\n${this.#said}`
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
      if (child.exitCode !== null || Date.now() > until) throw new Error(`does not start: ${this.words}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  /** Lets it hang, for so many milliseconds. */
  async hang(ms: number): Promise<void> {
    this.#process!.kill('SIGSTOP')
    await new Promise((done) => setTimeout(done, ms))
    this.#process!.kill('SIGCONT')
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}
