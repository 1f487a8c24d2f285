/** How a session is asked for, and what is taken for an answer: by the native client (`is_connect_response` of its patch) as by the diagnosis. */

/** What a server's first bytes are: a session, not yet a whole reply, or nothing that a ZooKeeper server sends. */
export type Reply = 'granted' | 'incomplete' | 'foreign'

/** A reply is 36 bytes long, or 37 with the flag of newer servers, by its first four. */
const REPLY_LENGTHS = [36, 37]
const PASSWORD_LENGTH = 16
/** Milliseconds: a day. No server grants that, and four characters of any text are more when they are read as a number. */
const LONGEST_TIMEOUT = 86_400_000

/** Protocol version 0, nothing seen, the shortest session, no session to resume, an empty password. */
export function sessionRequest (): Buffer {
  const request = Buffer.alloc(4 + 44)
  request.writeInt32BE(44, 0)
  request.writeInt32BE(1, 4 + 12)
  request.writeInt32BE(16, 4 + 24)
  return request
}

export function judgeReply (received: Buffer): Reply {
  if (received.length < 4) return 'incomplete'
  const length = received.readInt32BE(0)
  if (!REPLY_LENGTHS.includes(length)) return 'foreign'
  if (received.length < 4 + length) return 'incomplete'
  const timeout = received.readInt32BE(8)
  return timeout > 0 && timeout < LONGEST_TIMEOUT && received.readBigInt64BE(12) !== 0n && received.readInt32BE(20) === PASSWORD_LENGTH ? 'granted' : 'foreign'
}
