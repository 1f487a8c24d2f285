/**
 * Bytes that unanswered requests hold: their heads, what has come of a head, and the bodies that they announce. A pipelined request also counts its objects; those of the first
 * request of a connection are covered by the bound on connections. Bounded over all connections. Beyond the bound the connections that hold most are ended, those of
 * the client that holds most first: the next one to come is not to blame.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientOf } from '../client-address.ts'

/** Bytes over all connections. */
const HELD_REQUESTS = 24 * 2 ** 20
/** The share of it that is left once connections have been ended: to look for them takes time. */
const LEFT = 0.75
/** Bytes that a pipelined request costs besides its text. */
const OBJECTS = 4_096
/** Bytes of a body that are kept at most: a longer one is refused. */
const BODY = 65_536

export interface Holder {
  readonly address: string
  /** Bytes that its requests hold. */
  readonly requested: number
  end (reason: 'bytes'): void
  /** Counts what has come of a request whose head is not whole. */
  lookAtHead (): void
}

/** A request that is not begun. */
export interface Waiting {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly bytes: number
  /** When the first request of its connection came, monotonic; null for any other. */
  readonly since: number | null
}

/** What is held for a request in progress, bytes: the request, and what its reply alone holds besides what is being written. */
export interface Unfinished {
  readonly requested: number
  replied: number
}

/** Bytes of a request's target and headers. */
export function textBytes ({ url = '', rawHeaders }: IncomingMessage): number {
  let sum = url.length
  for (const text of rawHeaders) sum += text.length
  return sum
}

/** Bytes that a request holds without its body, whose target and headers are `text` bytes. */
export const headBytes = (text: number, isPipelined: boolean): number => text + (isPipelined ? OBJECTS : 0)

/** Bytes that the body of a request may come to. */
export function bodyBytes ({ headers }: IncomingMessage): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (encoding !== undefined) return BODY
  return length === undefined ? 0 : Math.min(Number(length), BODY)
}

/** Whether it is answered before all others, if it is the only one of its connection: it is asked whether this API lives, and the answer costs next to nothing. */
export const isUrgent = ({ url = '' }: IncomingMessage): boolean => url.startsWith('/health/')

/** Whether the head has come, and part of the body has not. */
export const isHalfSent = (request: IncomingMessage): boolean => !request.complete && bodyBytes(request) > 0

export class HeldRequests {
  readonly #most: number
  readonly #holders = new Set<Holder>()
  #sum = 0

  constructor (most = HELD_REQUESTS) {
    this.#most = most
  }

  get bytes (): number { return this.#sum }

  add (holder: Holder): void { this.#holders.add(holder) }
  delete (holder: Holder): void { this.#holders.delete(holder) }

  /** Requests hold `bytes` more, or fewer. */
  count (bytes: number): void {
    this.#sum += bytes
    if (bytes > 0 && this.#sum > this.#most) this.#endLargest()
  }

  /** Counts the heads that are not whole. */
  lookAtHeads (): void {
    for (const holder of this.#holders) holder.lookAtHead()
  }

  #endLargest (): void {
    const byClient = new Map<string, number>()
    const found = [...this.#holders].filter(({ requested }) => requested > 0).map((holder) => ({ holder, client: clientOf(holder.address), requested: holder.requested }))
    for (const { client, requested } of found) byClient.set(client, (byClient.get(client) ?? 0) + requested)
    found.sort((a, b) => (byClient.get(b.client) ?? 0) - (byClient.get(a.client) ?? 0) || b.requested - a.requested)
    for (const { holder } of found) {
      if (this.#sum <= this.#most * LEFT) return
      holder.end('bytes')
    }
  }
}
