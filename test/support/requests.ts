/** What a session asks of ZooKeeper, read off the wire. */

/** Types of requests, as ZooKeeper numbers them. */
export const RequestType = { exists: 3, set: 5 } as const

export interface WireRequest {
  readonly type: number
  readonly path: string
}

/** In a transaction: a header before each operation and behind the last, of type, one byte and error. */
const TRANSACTION = 14
const HEADER = 9
const Operation = { create: 1, delete: 2, set: 5, check: 13 } as const

/** The operations of a transaction, which begin at `at`. */
function operationsIn (chunk: Buffer, at: number): readonly WireRequest[] {
  const found: WireRequest[] = []
  const field = () => {
    const length = Math.max(0, chunk.readInt32BE(at))
    const text = chunk.toString('utf8', at + 4, at + 4 + length)
    at += 4 + length
    return text
  }
  for (;;) {
    const type = chunk.readInt32BE(at)
    at += HEADER
    if (type === -1) return found
    found.push({ type, path: field() })
    if (type === Operation.set || type === Operation.create) field()
    if (type === Operation.create) {
      const entries = chunk.readInt32BE(at)
      at += 4
      for (let entry = 0; entry < entries; entry++) {
        at += 4
        field()
        field()
      }
    }
    // A version, or flags.
    at += 4
  }
}

/**
 * The requests of a chunk that name a znode, in order, and the operations of its transactions: each request is length, xid, type, length of the path, path.
 * The client writes each whole, so that a chunk begins with one.
 */
export function requestsIn (chunk: Buffer): readonly WireRequest[] {
  const found: WireRequest[] = []
  for (let at = 0; at + 16 < chunk.length; at += 4 + chunk.readInt32BE(at)) {
    const [type, length] = [chunk.readInt32BE(at + 8), chunk.readInt32BE(at + 12)]
    if (type === TRANSACTION) {
      if (at + 4 + chunk.readInt32BE(at) <= chunk.length) found.push(...operationsIn(chunk, at + 12))
      continue
    }
    if (length > 0 && at + 16 + length <= chunk.length) found.push({ type, path: chunk.toString('utf8', at + 16, at + 16 + length) })
  }
  return found
}
