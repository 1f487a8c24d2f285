/**
 * The lease: how long a node may go on holding resources on the strength of its last acknowledged write. Counted from when that write was
 * *sent*, on the node's own monotonic clock: the ensemble cannot have begun to count the session out before it.
 */

export interface LeaseTerms {
  /** Milliseconds between two renewals. */
  readonly renewal: number
  /** Milliseconds after the sending of the last acknowledged renewal at which the node demotes itself. */
  readonly expiry: number
  /** Milliseconds that are left then for every release, before the session can have ended. */
  readonly releases: number
}

/** @param negotiated the session time-out that the servers granted, in milliseconds */
export function leaseTerms (negotiated: number): LeaseTerms {
  const renewal = negotiated / 10
  const expiry = negotiated * 2 / 3
  return { renewal, expiry, releases: negotiated - expiry - renewal }
}
