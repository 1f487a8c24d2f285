/**
 * Clients that do what clients do, by way of both APIs: they ask for switchovers, follow them to their end, and poll. Everything that they were
 * told is kept, to be held against what was committed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Told } from '../invariants/judge.ts'

/** One request for a switchover and what was said of it. */
export interface Request {
  /** Its reason, which no other request has. */
  readonly reason: string
  readonly to: string
  readonly told: Told
}

/** Milliseconds. */
const PATIENCE = 20_000
const POLL = 200

export class Clients {
  readonly requests: Request[] = []
  /** Replies that no client may ever get. */
  readonly complaints: string[] = []
  polls = 0
  readonly #apis: readonly string[]
  readonly #pick: (count: number) => number
  readonly #outcomes = new Map<number, string>()
  readonly #stopped = new AbortController()
  readonly #loops: Array<Promise<void>> = []
  #made = 0

  /** @param pick a number from 0 to `count` - 1, by chance */
  constructor (apis: readonly string[], pick: (count: number) => number) {
    this.#apis = apis
    this.#pick = pick
  }

  /** Asks for `to`, at one API after the other until one takes the request or refuses it for good. */
  async request (to: string): Promise<void> {
    for (let attempt = 0; attempt < 20 && !this.#stopped.signal.aborted; attempt++) {
      const made: Request = { reason: `chaos ${++this.#made}`, to, told: { kind: 'unknown', epoch: -1 } }
      const told = await this.#ask(made)
      this.requests.push({ ...made, told })
      if (told.kind !== 'not_started' && told.kind !== 'unknown') {
        this.#loops.push(this.#follow(told.epoch))
        return
      }
      await delay(POLL)
    }
  }

  /** Polls until `stop`; with `nodes` it asks for switchovers to one of them now and then. */
  start (nodes: readonly string[] = []): void {
    for (const api of this.#apis) this.#loops.push(this.#poll(api))
    if (nodes.length > 0) this.#loops.push(this.#wander(nodes))
  }

  async stop (): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#loops)
  }

  async #wander (nodes: readonly string[]): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await delay(3_000 + this.#pick(10_000), undefined, { signal: this.#stopped.signal }).catch(() => {})
      if (!this.#stopped.signal.aborted) await this.request(nodes[this.#pick(nodes.length)] ?? '')
    }
  }

  async #poll (api: string): Promise<void> {
    let newest = 0
    while (!this.#stopped.signal.aborted) {
      const reply = await this.#fetch(`${api}/api/v1/primary`)
      this.polls++
      if (reply?.status === 200) {
        const { epoch } = reply.body as { epoch: number | null }
        if (epoch !== null && epoch < newest) this.complaints.push(`2: ${api} showed epoch ${epoch} after ${newest}`)
        newest = Math.max(newest, epoch ?? 0)
      }
      await delay(POLL, undefined, { signal: this.#stopped.signal }).catch(() => {})
    }
  }

  /** Until it is done; what one API says of its end every other has to say too. */
  async #follow (epoch: number): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const reply = await this.#fetch(`${this.#apis[this.#pick(this.#apis.length)] ?? ''}/api/v1/switchover/${epoch}?wait=5`)
      const { done, outcome } = (reply?.status === 200 ? reply.body : {}) as { done?: boolean, outcome?: string }
      if (done !== true || outcome === undefined) {
        await delay(POLL)
        continue
      }
      const before = this.#outcomes.get(epoch)
      if (before !== undefined && before !== outcome) this.complaints.push(`4: switchover ${epoch} was ${before} and then ${outcome}`)
      this.#outcomes.set(epoch, outcome)
      return
    }
  }

  async #ask ({ to, reason }: Request): Promise<Told> {
    const reply = await this.#fetch(`${this.#apis[this.#pick(this.#apis.length)] ?? ''}/api/v1/switchover`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to, reason }) })
    if (reply === null) return { kind: 'unknown', epoch: -1 }
    const { epoch = -1, outcome, reason: begun } = reply.body as { epoch?: number, outcome?: string | null, reason?: string | null }
    if (outcome === 'unknown') return { kind: 'unknown', epoch }
    if (reply.status >= 400) {
      if (outcome !== 'not_started') this.complaints.push(`10: a refused request was told "${String(outcome)}": ${JSON.stringify(reply.body)}`)
      return { kind: 'not_started' }
    }
    return { kind: begun === reason ? 'committed' : reply.status === 200 ? 'already' : 'in_flight', epoch }
  }

  /** null where no reply came. */
  async #fetch (url: string, init: RequestInit = {}): Promise<{ readonly status: number, readonly body: unknown } | null> {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) })
      const text = await response.text()
      if (response.status === 500) this.complaints.push(`500 from ${url}: ${text}`)
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) as unknown }
    } catch (error) {
      if (!(error instanceof TypeError) && !(error instanceof Error && error.name === 'TimeoutError')) throw error
      return null
    }
  }
}
