/** What the conditions of a cluster are found from. Ages are milliseconds by the observer's own monotonic clock; times of day are for people alone. */
import type { FenceRecord } from '../model/fence-record.ts'
import type { LockHolder } from '../model/lock-holder.ts'
import type { Member } from '../model/member.ts'
import type { SwitchoverRecord } from '../model/record.ts'
import type { ResourceStatus } from '../model/resource-states.ts'
import type { DomainState } from '../model/states.ts'
import type { Fault } from '../pvc/cluster-status.ts'

/** Of thousands of nodes few have a condition, so a fact may be found out when it is asked for. */
export interface NodeFacts {
  readonly health: number | null
  readonly staleChecks: number
  readonly resources: readonly ResourceStatus[]
  readonly fence: FenceRecord | null | undefined
  readonly domainState: DomainState | null
  readonly version: string | null
  /** When the daemon state was written, RFC 3339. */
  readonly stateSince: string | null
  /** When the last keepalive was written, RFC 3339. */
  readonly keepaliveAt: string | null
  /** How long ago the keepalive was seen to change; null where there is none. */
  readonly keepaliveAge: number | null
  /** The names of the domains that run on it, as PVC's znodes have it. */
  readonly domains: () => readonly string[]
}

export interface ClusterFacts {
  /** What the primary key says and since when, RFC 3339; null where there is no key. */
  readonly key: { readonly value: string, readonly since: string | null } | null
  /** Every registered node. */
  readonly members: readonly Member[]
  readonly node: (name: string) => NodeFacts
  /** Open records, and for how long each has been seen open. */
  readonly open: ReadonlyArray<{ readonly record: SwitchoverRecord, readonly age: number }>
  /** For how long no node has been seen to serve as primary; 0 while one does. */
  readonly vacant: number
  readonly lock: { readonly holder: LockHolder, readonly age: number } | null
  readonly maintenance: boolean
  /** As PVC's znodes have them. */
  readonly faults: readonly Fault[]
  /** The version of PVC's layout, if it is newer than this project knows. */
  readonly newerSchema: number | null
}
