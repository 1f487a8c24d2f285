/** A pvcapid under attack: what it holds, from its own figures and the system's, and how a well-behaved client beside the attackers fares. */
import { readdirSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { residentBytes } from '../../test/support/fuzzing.ts'
import type { DaemonProcess } from '../../tools/testbed/daemon-process.ts'

const MEGABYTE = 2 ** 20
/** Figures that have to be as they were once the attackers are gone. */
const held = ['pvcapid_waiters', 'pvcapid_event_streams', 'pvcapid_connections', 'pvcapid_http_requests_in_progress', 'pvcapid_http_requests_waiting', 'pvcapid_http_response_bytes_waiting', 'pvcapid_http_request_bytes', 'pvcapid_timers'] as const
/** A timer or a descriptor of the neighbour's own connection may come and go; one more for each attacker may not. */
const TOLERANCE = 8

export type Figures = Readonly<Record<typeof held[number] | 'descriptors', number>>

interface AskOptions {
  /** Milliseconds without a byte at most. */
  readonly patience?: number
  /** A connection of its own unless given. */
  readonly agent?: http.Agent
  readonly localAddress?: string
}

/** One request; the certificate is not verified. Rejects after `patience` milliseconds without a byte. */
export async function ask (url: string, { patience = 5_000, agent, localAddress }: AskOptions = {}): Promise<{ readonly status: number, readonly text: string }> {
  return await new Promise((resolve, reject) => {
    const { get } = url.startsWith('https:') ? https : http
    const request = get(url, { agent: agent ?? false, localAddress, rejectUnauthorized: false, timeout: patience }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => { text += chunk.toString() }).on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    request.on('error', reject).on('timeout', () => request.destroy(new Error(`no reply within ${patience} ms`)))
  })
}

const figureIn = (text: string, name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])

export class Besieged {
  readonly daemon: DaemonProcess
  readonly base: string
  readonly port: number
  #worst = 0
  #failures = 0
  #peak = 0

  constructor (daemon: DaemonProcess, port: number, base = `http://127.0.0.1:${port}`) {
    this.daemon = daemon
    this.port = port
    this.base = base
  }

  async figure (name: string): Promise<number> {
    return figureIn((await ask(`${this.base}/metrics`)).text, name)
  }

  async figures (): Promise<Figures> {
    const { text } = await ask(`${this.base}/metrics`)
    const figure = (name: string): number => figureIn(text, name)
    return { ...Object.fromEntries(held.map((name) => [name, figure(name)])), descriptors: readdirSync(`/proc/${this.daemon.pid}/fd`).length } as Figures
  }

  /** What is more than `quiet`, and more than may be; empty if nothing. */
  async leftOver (quiet: Figures): Promise<string[]> {
    const now = await this.figures()
    return (Object.keys(quiet) as Array<keyof Figures>).filter((name) => now[name] > quiet[name] + TOLERANCE).map((name) => `${name} ${quiet[name]} → ${now[name]}`)
  }

  /**
   * Runs `attack`, and beside it two clients that ask for `/health/live` over and over: one with a connection for each request, and one with a
   * connection that is kept, from the address of the attackers.
   * @returns the worst of its replies in milliseconds, how many did not come, and the highest resident size in bytes
   */
  async watch (attack: () => Promise<void>, from = '127.0.0.1'): Promise<{ readonly worst: number, readonly failures: number, readonly peak: number }> {
    this.#worst = 0
    this.#failures = 0
    this.#peak = 0
    const ended = new AbortController()
    const settings = { keepAlive: true, maxSockets: 1, localAddress: from }
    const agent = this.base.startsWith('https:') ? new https.Agent(settings) : new http.Agent(settings)
    const neighbours = Promise.all([this.#neighbour(ended.signal, {}), this.#neighbour(ended.signal, { agent, localAddress: from })])
    try {
      await attack()
    } finally {
      ended.abort()
      await neighbours
      agent.destroy()
    }
    return { worst: this.#worst, failures: this.#failures, peak: this.#peak }
  }

  async #neighbour (signal: AbortSignal, options: AskOptions): Promise<void> {
    while (!signal.aborted) {
      const begun = performance.now()
      try {
        const { status } = await ask(`${this.base}/health/live`, options)
        if (status !== 200) this.#failures += 1
      } catch {
        this.#failures += 1
      }
      this.#worst = Math.max(this.#worst, performance.now() - begun)
      if (this.daemon.running) this.#peak = Math.max(this.#peak, residentBytes(this.daemon.pid))
      await delay(20)
    }
  }
}

export const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(0)
