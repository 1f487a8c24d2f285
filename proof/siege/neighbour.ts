/**
 * Well-behaved clients beside the attackers, in a thread of their own: what the attack costs the process that carries it out is not taken for the API's
 * delay. They ask for `/health/live` over and over: one with a connection for each request, and one with a connection that is kept, from the address of
 * the attackers.
 */
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { ask, type AskOptions } from './ask.ts'

/** Milliseconds between a reply and the next request. */
const PAUSE = 20

/** How they fared: the worst reply in milliseconds, and how many did not come. */
export interface Fared {
  readonly worst: number
  readonly failures: number
}

interface Place {
  /** The API's address, with its scheme. */
  readonly base: string
  /** The attackers' address. */
  readonly from: string
}

export class Neighbours {
  readonly #worker: Worker

  constructor (place: Place) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: place })
  }

  /** Resolves once the last request has ended. */
  async end (): Promise<Fared> {
    const fared = once(this.#worker, 'message')
    this.#worker.postMessage('end')
    const [told] = await fared as [Fared]
    await this.#worker.terminate()
    return told
  }
}

async function askOverAndOver (base: string, options: AskOptions, signal: AbortSignal): Promise<Fared> {
  let worst = 0
  let failures = 0
  while (!signal.aborted) {
    const begun = performance.now()
    const isAlive = await ask(`${base}/health/live`, options).then(({ status }) => status === 200, () => false)
    if (!isAlive) failures += 1
    worst = Math.max(worst, performance.now() - begun)
    await delay(PAUSE)
  }
  return { worst, failures }
}

async function work (): Promise<void> {
  const { base, from } = workerData as Place
  const ended = new AbortController()
  parentPort?.once('message', () => ended.abort())
  const settings = { keepAlive: true, maxSockets: 1, localAddress: from }
  const agent = base.startsWith('https:') ? new https.Agent(settings) : new http.Agent(settings)
  const [one, other] = await Promise.all([askOverAndOver(base, {}, ended.signal), askOverAndOver(base, { agent, localAddress: from }, ended.signal)])
  agent.destroy()
  parentPort?.postMessage({ worst: Math.max(one.worst, other.worst), failures: one.failures + other.failures } satisfies Fared)
}

if (!isMainThread) await work()
