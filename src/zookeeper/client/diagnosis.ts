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
import { resolveEach, uniqueAddresses } from './resolve.ts'

/** Milliseconds that one server is given. */
const PATIENCE = 2_000
/** A reply to a request for a session is 36 or 37 bytes long, by its first four bytes. */
const REPLY_LENGTHS = [36, 37]

/** What one server does → the end of a sentence that begins with its address. */
export const answers = {
  serves: 'grants sessions',
  refused: 'refuses connections: nothing listens there',
  unreachable: 'cannot be reached: there is no route to it',
  silent: 'says nothing',
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

/** Protocol version 0, nothing seen, the shortest session, no session to resume, an empty password. */
function sessionRequest (): Buffer {
  const request = Buffer.alloc(4 + 44)
  request.writeInt32BE(44, 0)
  request.writeInt32BE(1, 4 + 12)
  request.writeInt32BE(16, 4 + 24)
  return request
}

async function ask (address: string, clock: Clock): Promise<Answer> {
  const at = address.lastIndexOf(':')
  return await new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) })
    let received = Buffer.alloc(0)
    let connected = false
    const end = (answer: Answer): void => {
      timer[Symbol.dispose]()
      socket.destroy()
      resolve(answer)
    }
    const timer = clock.after(PATIENCE, () => end('silent'))
    socket.on('connect', () => {
      connected = true
      socket.write(sessionRequest())
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk.subarray(0, 64)])
      if (received.length >= 4) end(REPLY_LENGTHS.includes(received.readInt32BE(0)) ? 'serves' : 'not_zookeeper')
    })
    socket.on('end', () => end(received.length === 0 ? 'not_serving' : 'not_zookeeper'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' ? 'refused' : connected ? 'not_serving' : 'unreachable'))
  })
}

export async function diagnose (servers: readonly string[], clock: Clock, lookup: Lookup): Promise<Diagnosis> {
  const unknown = new Map<string, NameProblem>()
  let addresses: readonly string[] = []
  try {
    addresses = uniqueAddresses(await resolveEach(servers, { lookup, clock, onFailure: (host, problem) => unknown.set(host, problem) }))
  } catch (error) {
    if (unknown.size === 0) return { reason: 'unresolved', sentence: isZooKeeperError(error) ? error.message : String(error), someServe: false }
  }
  const found = await Promise.all(addresses.map(async (address) => [address, await ask(address, clock)] as const))
  const kinds = new Set<Answer | NameProblem['reason']>([...[...unknown.values()].map(({ reason }) => reason), ...found.map(([, answer]) => answer)])
  const [only] = kinds
  return {
    reason: kinds.size === 1 && only !== undefined ? only : 'mixed',
    sentence: [...[...unknown].map(([host, { message }]) => `${host} cannot be resolved: ${message}`), ...found.map(([address, answer]) => `${address} ${answers[answer]}`)].join('; '),
    someServe: kinds.has('serves'),
  }
}
