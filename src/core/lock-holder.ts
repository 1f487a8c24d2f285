/** Who holds a lock, as its first child says it: for the operator who has to find a holder that does not release it. */
import { lockContenders } from './lock-order.ts'
import type { Znode } from './znode.ts'

export interface LockHolder {
  /** The name of the child, below the lock's path. */
  readonly child: string
  /** What the holder wrote into it, as `pvcnoded hv1`; may be empty. */
  readonly identifier: string
  /** The session that owns the child; null for a persistent child, which no session's end removes. */
  readonly session: string | null
  /** When the child was made, RFC 3339, by the ensemble's clock. */
  readonly since: string
}

/** Characters of an identifier that are told. */
const LONGEST = 120

/**
 * @param children the names below the lock's path
 * @param read gives the child of that name, or undefined where it is gone
 */
export function lockHolder (children: readonly string[], read: (child: string) => Znode | undefined): LockHolder | null {
  const first = lockContenders(children)[0]?.name
  const znode = first === undefined ? undefined : read(first)
  if (first === undefined || znode === undefined) return null
  return { child: first, identifier: znode.data.slice(0, LONGEST), session: znode.owner === '' ? null : znode.owner, since: znode.modified }
}

/** As in "The primary lock is held by …". */
export const holderInWords = ({ identifier, session, since, child }: LockHolder): string =>
  `${identifier === '' ? child : `\`${identifier}\``} (${session === null ? 'a persistent znode, which no session owns' : `ZooKeeper session 0x${session}`}, since ${since})`
