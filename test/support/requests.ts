/** What a session asks of ZooKeeper, read off the wire. */

/** Types of requests, as ZooKeeper numbers them. */
export const RequestType = { exists: 3, set: 5 } as const

export interface WireRequest {
  readonly type: number
  readonly path: string
}

/**
 * The requests of a chunk that name a znode, in order: each is length, xid, type, length of the path, path.
 * The client writes each whole, so that a chunk begins with one.
 */
export function requestsIn (chunk: Buffer): readonly WireRequest[] {
  const found: WireRequest[] = []
  for (let at = 0; at + 16 < chunk.length; at += 4 + chunk.readInt32BE(at)) {
    const [type, length] = [chunk.readInt32BE(at + 8), chunk.readInt32BE(at + 12)]
    if (length > 0 && at + 16 + length <= chunk.length) found.push({ type, path: chunk.toString('utf8', at + 16, at + 16 + length) })
  }
  return found
}
