/**
 * Which watches a connection has armed, kept beside the C client's own tables to know how large the one request would
 * be that re-arms them all on reconnection. A server refuses requests of more than 1 MB, and the client would then
 * connect and be dropped for ever, so this size has to be known.
 *
 * Invariant: `bytes` is the sum of (bytes of the path + 4) over all armed (path, table) pairs, as the C client sends them.
 */
import type { WatchKind } from './connection.ts'

const TABLES = { data: 1, exist: 2, child: 4 } as const
export type WatchTable = keyof typeof TABLES

/** Which tables an event empties for its path. */
const EMPTIES: Readonly<Record<WatchKind, number>> = {
  created: TABLES.data | TABLES.exist,
  changed: TABLES.data | TABLES.exist,
  children: TABLES.child,
  deleted: TABLES.data | TABLES.exist | TABLES.child,
  removed: TABLES.data | TABLES.exist | TABLES.child,
}

function count (bits: number): number {
  return (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1)
}

export class WatchBook {
  readonly #tables = new Map<string, number>()
  #bytes = 0

  get bytes (): number { return this.#bytes }

  armed (path: string, table: WatchTable): void {
    const before = this.#tables.get(path) ?? 0
    this.#replace(path, before, before | TABLES[table])
  }

  fired (path: string, kind: WatchKind): void {
    const before = this.#tables.get(path) ?? 0
    this.#replace(path, before, before & ~EMPTIES[kind])
  }

  #replace (path: string, before: number, after: number): void {
    if (before === after) return
    this.#bytes += (count(after) - count(before)) * (Buffer.byteLength(path) + 4)
    if (after === 0) this.#tables.delete(path)
    else this.#tables.set(path, after)
  }
}
