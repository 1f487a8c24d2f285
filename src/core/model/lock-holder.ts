/** The holder of a lock, for the operator who has to find a holder that does not release it. */

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

/** As in "The primary lock is held by …". */
export const holderInWords = ({ identifier, session, since, child }: LockHolder): string =>
  `${identifier === '' ? child : `\`${identifier}\``} (${session === null ? 'a persistent znode, which no session owns' : `ZooKeeper session 0x${session}`}, since ${since})`
