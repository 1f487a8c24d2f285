/**
 * The lease: how long a node may keep holding resources on the strength of its last acknowledged write. Counted from when that write was
 * *sent*, on the node's own monotonic clock: the ensemble cannot have begun to count the session out before it.
 */

export interface ContactTerms {
  /** Milliseconds without sending after which a client with nothing to say pings. */
  readonly ping: number
  /** Milliseconds without hearing anything after which it gives its server up, and goes to the next one with its session. */
  readonly silence: number
}

/**
 * When a client leaves a server that is silent but has not closed the connection: early enough that two silent servers, one after the other, cost less
 * than the lease. The ZooKeeper client has the same terms (`patches/zookeeper.patch`).
 * @param timeout the session time-out in milliseconds: negotiated, or asked for until it is
 */
export const contactTerms = (timeout: number): ContactTerms => ({ ping: timeout / 8, silence: timeout / 4 })

export interface LeaseTerms {
  /** Milliseconds between two renewals. */
  readonly renewal: number
  /** Milliseconds after the sending of the last acknowledged renewal at which the node demotes itself. */
  readonly expiry: number
  /** Milliseconds that are left then for all releases together. The last tenth of the session time-out is left for `self_fence`. */
  readonly releases: number
}

/** @param negotiated the session time-out that the servers granted, in milliseconds */
export function leaseTerms (negotiated: number): LeaseTerms {
  const renewal = negotiated / 10
  const expiry = negotiated * 2 / 3
  return { renewal, expiry, releases: negotiated - expiry - renewal }
}
