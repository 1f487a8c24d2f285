/**
 * The conditions of the cluster as one snapshot shows them, found when they are first wanted and kept while the snapshot, and every age that
 * they depend on, stays on the same side of its threshold. Keeps since when keepalives, the primary lock and open switchovers have been as they are, and since when there is no primary.
 *
 * Moments are those up to which everything that ZooKeeper told is in the view: while there is no contact, nothing grows older. After a gap every age
 * counts again from zero, because no API could see what happened meanwhile.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Condition } from '../core/conditions/condition.ts'
import { conditionsOf } from '../core/conditions/conditions.ts'
import { KeptConditions } from '../core/conditions/kept-conditions.ts'
import { isHolding } from '../core/conditions/role-conditions.ts'
import type { NodeFacts } from '../core/conditions/facts.ts'
import type { Member } from '../core/model/member.ts'
import { isOpen } from '../core/model/record.ts'
import type { ApiSnapshot } from './api-snapshot.ts'

/** Milliseconds without news of ZooKeeper after which every age counts again. */
const GAP = 5_000

interface Made {
  readonly snapshot: ApiSnapshot
  readonly conditions: readonly Condition[]
  readonly until: number
}

const NONE: readonly Condition[] = Object.freeze([])

export class ConditionTracker {
  /** Node → its keepalive's last transaction, and when it was seen. */
  readonly #keepalives = new Map<string, { readonly zxid: string, readonly seen: number }>()
  /** Epochs of open records, and when they were first seen. */
  readonly #open = new Map<number, number>()
  readonly #kept = new KeptConditions()
  /** Since when no node has been seen to serve as primary; null while one does. */
  #vacantSince: number | null = null
  #lock: { readonly child: string, readonly seen: number } | null = null
  #members: readonly Member[] = []
  #last = -Infinity
  #again = true
  #made: Made | null = null

  /** All ages count from now on. */
  reset (): void {
    this.#again = true
    this.#keepalives.clear()
    this.#open.clear()
    this.#kept.clear()
    this.#vacantSince = null
    this.#lock = null
  }

  /** Takes in a new snapshot. */
  update (snapshot: ApiSnapshot, members: readonly Member[], asOf: number): void {
    this.#follow(asOf)
    this.#members = members
    const again = this.#again
    this.#again = false
    for (const name of again ? snapshot.names : snapshot.keepalives) {
      const zxid = snapshot.node(name) === undefined ? null : snapshot.keepalive(name)
      if (zxid === null) this.#keepalives.delete(name)
      else if (this.#keepalives.get(name)?.zxid !== zxid) this.#keepalives.set(name, { zxid, seen: asOf })
    }
    this.#forget(snapshot, members)
    this.#vacantSince = members.some(isHolding) ? null : this.#vacantSince ?? asOf
    const open = new Set((snapshot.cluster?.records ?? []).filter(isOpen).map(({ epoch }) => epoch))
    for (const epoch of this.#open.keys()) if (!open.has(epoch)) this.#open.delete(epoch)
    for (const epoch of open) if (!this.#open.has(epoch)) this.#open.set(epoch, asOf)
    const child = snapshot.primaryLock?.child ?? null
    if (child !== this.#lock?.child) this.#lock = child === null ? null : { child, seen: asOf }
  }

  /** The worst first. The same list as long as it says the same. */
  at (snapshot: ApiSnapshot, asOf: number): readonly Condition[] {
    this.#follow(asOf)
    const made = this.#made
    if (made?.snapshot === snapshot && asOf < made.until) return made.conditions
    const { conditions, holds } = conditionsOf({
      key: snapshot.primarySince === null ? null : { value: snapshot.primaryNode, since: snapshot.primarySince },
      members: this.#members,
      node: (name) => new FactsOf(snapshot, name, this.keepaliveAge(name, asOf)),
      open: (snapshot.cluster?.records ?? NONE as readonly never[]).filter(isOpen).map((record) => ({ record, age: asOf - (this.#open.get(record.epoch) ?? asOf) })),
      vacant: this.#vacantSince === null ? 0 : asOf - this.#vacantSince,
      lock: this.#lockOf(snapshot, asOf),
      maintenance: snapshot.maintenance === 'true',
      faults: snapshot.faults,
      newerSchema: snapshot.newerSchema,
    }, this.#kept, asOf)
    const same = made !== null && isDeepStrictEqual(made.conditions, conditions)
    this.#made = { snapshot, conditions: same ? made.conditions : conditions, until: asOf + holds }
    return this.#made.conditions
  }

  /** Milliseconds since the keepalive of a node was seen to change; null where there is none. */
  keepaliveAge (name: string, asOf: number): number | null {
    const keepalive = this.#keepalives.get(name)
    return keepalive === undefined ? null : Math.max(0, asOf - keepalive.seen)
  }

  /** Milliseconds for which the primary lock has been seen in the hands of the same holder; 0 while it is free. */
  lockAge (asOf: number): number {
    return this.#lock === null ? 0 : Math.max(0, asOf - this.#lock.seen)
  }

  /** The conditions of a node are kept for as long as the facts that `FactsOf` reads are the same. */
  #forget ({ touched }: ApiSnapshot, members: readonly Member[]): void {
    if (touched === null) this.#kept.clear()
    for (const name of touched?.all ?? []) this.#kept.forget(name)
    // Only of a fenced node is it told which domains are left on it.
    if (touched?.domains === true) for (const { name, daemonState } of members) if (daemonState === 'fenced') this.#kept.forget(name)
  }

  #follow (asOf: number): void {
    if (asOf - this.#last > GAP) this.reset()
    this.#last = Math.max(this.#last, asOf)
  }

  #lockOf (snapshot: ApiSnapshot, asOf: number) {
    const holder = snapshot.primaryLock
    return holder === null ? null : { holder, age: this.lockAge(asOf) }
  }
}

/** What a snapshot says of one node, read when it is asked for. */
class FactsOf implements NodeFacts {
  readonly #snapshot: ApiSnapshot
  readonly #name: string
  readonly keepaliveAge: number | null

  constructor (snapshot: ApiSnapshot, name: string, keepaliveAge: number | null) {
    this.#snapshot = snapshot
    this.#name = name
    this.keepaliveAge = keepaliveAge
  }

  get #details () { return this.#snapshot.node(this.#name)?.details }
  get health () { return this.#details?.health ?? null }
  get staleChecks () { return this.#snapshot.staleChecks(this.#name) }
  get resources () { return this.#details?.resources ?? [] }
  get fence () { return this.#snapshot.fence(this.#name) }
  get domainState () { return this.#details?.domain_state ?? null }
  get version () { return this.#details?.pvc_version ?? null }
  get stateSince () { return this.#snapshot.writtenAt(this.#name, 'daemonstate') }
  get keepaliveAt () { return this.#snapshot.writtenAt(this.#name, 'keepalive') }
  domains (): readonly string[] { return this.#snapshot.domainsOn(this.#name) }
}
