/**
 * Why no session could be opened: each server is connected to once and asked for a session, and how it answers is put into a word and a sentence. A
 * session that is granted here is given back by closing the connection; it asks for the shortest time-out.
 *
 * Guarantees: resolves within about `PATIENCE` and the time that names may take; never rejects; leaves no socket behind.
 */
import { connect } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import type { Lookup, NameProblem } from '../../runtime/process/name-lookup.ts'
import { isTurnedAway, isZooKeeperError, type ZooKeeperError } from './errors.ts'
import { judgeReply, sessionRequest } from './handshake.ts'
import { parseServer, resolveEach, uniqueAddresses } from './resolve.ts'

/** Milliseconds that one server is given. */
const PATIENCE = 2_000

/** What one server does → the end of a sentence that begins with its address. */
export const answers = {
  serves: 'grants sessions',
  refused: 'refuses connections: nothing listens there',
  unreachable: 'cannot be reached: there is no route to it',
  silent: 'says nothing',
  slow: 'answers too slowly for a session',
  not_serving: 'closes the connection: it has no quorum, does not serve yet, or asks for authentication',
  not_zookeeper: 'is no ZooKeeper server, by what it answers',
} as const
export type Answer = keyof typeof answers

/** Why there is no session: what all servers do, `mixed` where they differ. Of names, `silent` where the name server says nothing, `unresolved` where they have no address. */
export interface Diagnosis {
  readonly reason: Answer | 'mixed' | 'unresolved'
  readonly sentence: string
  /** One of the servers, at least, grants sessions. */
  readonly someServe: boolean
}

/** What is said of it without contact: a server that grants sessions is reached, and its client is not. */
export const contactSentence = ({ sentence, someServe }: Diagnosis): string =>
  `${someServe ? 'There is no session with ZooKeeper yet, although a server grants sessions' : 'ZooKeeper cannot be reached'}: ${sentence}`

/** The cause that says most: what the servers have told the client, else what they were found to do, else how the attempt ended. */
export function exactCause (error: ZooKeeperError, found: Diagnosis | null): { readonly sentence: string, readonly reason: string } {
  return found === null || isTurnedAway(error) ? { sentence: error.message, reason: error.code } : found
}

/** Errors of a connection that are one of the answers. */
const byCode: Readonly<Record<string, Answer>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'silent',
  // A server that resets may do so before this process has seen that there was a connection.
  ECONNRESET: 'not_serving',
  EPIPE: 'not_serving',
}

interface Found {
  readonly answer: Answer
  /** The end of a sentence that begins with the address. */
  readonly words: string
}

/** @param patience milliseconds in which the client wants the whole answer */
async function ask (address: string, clock: Clock, patience: number): Promise<Found> {
  const begun = clock.monotonic()
  return await new Promise((resolve) => {
    const socket = connect(parseServer(address))
    let received = Buffer.alloc(0)
    const end = (answer: Answer, words: string = answers[answer]): void => {
      timer[Symbol.dispose]()
      socket.destroy()
      resolve({ answer, words })
    }
    const ended = (answer: Answer, words?: string): void => received.length === 0 ? end(answer, words) : end('not_zookeeper')
    const timer = clock.after(PATIENCE, () => end(received.length === 0 ? 'silent' : 'slow'))
    socket.on('connect', () => socket.write(sessionRequest()))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk.subarray(0, 64)])
      const reply = judgeReply(received)
      if (reply === 'foreign') end('not_zookeeper')
      else if (reply === 'granted') end(clock.monotonic() - begun > patience ? 'slow' : 'serves')
    })
    socket.on('end', () => ended('not_serving'))
    socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      const answer = byCode[code]
      if (answer === undefined) ended('unreachable', `cannot be connected to (${code})`)
      else ended(answer)
    })
  })
}

/** @param sessionTimeout milliseconds that the client asks for: it leaves a server that needs more than a quarter of that to answer */
export async function diagnose (servers: readonly string[], clock: Clock, lookup: Lookup, sessionTimeout: number): Promise<Diagnosis> {
  const unknown = new Map<string, NameProblem>()
  let addresses: readonly string[] = []
  try {
    addresses = uniqueAddresses(await resolveEach(servers, { lookup, clock, onFailure: (host, problem) => unknown.set(host, problem) }))
  } catch (error) {
    if (unknown.size === 0) return { reason: 'unresolved', sentence: isZooKeeperError(error) ? error.message : String(error), someServe: false }
  }
  const found = await Promise.all(addresses.map(async (address) => [address, await ask(address, clock, sessionTimeout / 4)] as const))
  const kinds = new Set<Answer | NameProblem['reason']>([...[...unknown.values()].map(({ reason }) => reason), ...found.map(([, { answer }]) => answer)])
  const [only] = kinds
  return {
    reason: kinds.size === 1 && only !== undefined ? only : 'mixed',
    sentence: [...[...unknown].map(([host, { message }]) => `${host} cannot be resolved: ${message}`), ...found.map(([address, { words }]) => `${address} ${words}`)].join('; '),
    someServe: kinds.has('serves'),
  }
}
