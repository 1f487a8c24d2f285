/** What all connections share, and why one of them is ended. */
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Timer } from '../../runtime/clock.ts'
import type { HeldRequests } from './crowd/held-requests.ts'

/** Why a connection was ended. */
export const endings = ['pipelined', 'not_reading', 'bytes', 'body'] as const
export type Ending = typeof endings[number]

export interface ConnectionOwner<Connection> {
  readonly handler: RequestListener
  readonly requests: HeldRequests
  /** Whether a request may be begun in this turn of the event loop. */
  hasTime (): boolean
  /** Has `connection.beginNext()` called in a later turn, after those that are to come first. */
  later (connection: Connection): void
  /** `count` requests more, or fewer, wait. */
  waiting (count: number): void
  /** `count` requests more, or fewer, are in progress. */
  inProgress (count: number): void
  ended (reason: Ending): void
  /** The first request of a connection is begun, which has waited for this process for so many milliseconds. */
  begun (waited: number): void
  now (): number
  /** The path of a request as its client sees it. */
  seen (request: IncomingMessage): string
  /** It is read from now on; it is closed. */
  reading (connection: Connection): void
  closed (connection: Connection): void
  after (milliseconds: number, action: () => void): Timer
}
