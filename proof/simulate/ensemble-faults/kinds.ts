/** Faults of ZooKeeper's service: its servers are up and answer, and the answer is no, or late, or from older data. */

/** Times in milliseconds; `lasts` is how long until it is put right. */
export type EnsembleFault =
  /** All servers stop, and start without data. */
  | { readonly kind: 'wipe', readonly lasts: number }
  /** All servers stop, and start from a backup that lacks the newest `lost` transactions. */
  | { readonly kind: 'restore', readonly lost: number, readonly lasts: number }
  /** Of what access lists can permit, nothing but `allowed` of `rwcd` is, at this znode. */
  | { readonly kind: 'deny', readonly path: string, readonly allowed: string, readonly lasts: number }
  /** Sessions are granted, and closed at their first request: it is not authenticated. */
  | { readonly kind: 'auth_required', readonly lasts: number }
  /** Connections are closed as soon as they are made. */
  | { readonly kind: 'turn_away', readonly process: string, readonly servers: readonly number[], readonly lasts: number }
  /** A follower applies what is committed late: replies to what was written there, and watch events, come late, and what is read there is old. */
  | { readonly kind: 'lag', readonly server: number | 'doer', readonly lasts: number }

export const ensembleFaultKinds = ['wipe', 'restore', 'deny', 'auth_required', 'turn_away', 'lag'] as const satisfies ReadonlyArray<EnsembleFault['kind']>
export type EnsembleFaultKind = typeof ensembleFaultKinds[number]

export const isEnsembleFault = <F extends { readonly kind: string }> (fault: F): fault is Extract<F, EnsembleFault> => (ensembleFaultKinds as readonly string[]).includes(fault.kind)
