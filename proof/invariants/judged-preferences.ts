/**
 * 22. A node that holds nothing contends only if its priority is more than 0, its health, as it publishes it, is not below its `min_health`, and it lacks no
 * resource of the primary or of a contender with more. Where only nodes are left that prefer not to contend, the conditions of the cluster say so.
 */
import { conditionsOf } from '../../src/core/conditions/conditions.ts'
import type { NodeFacts } from '../../src/core/conditions/facts.ts'
import { preferenceOf, type Member } from '../../src/core/model/member.ts'
import type { SwitchoverRecord } from '../../src/core/model/record.ts'
import { preferences, unwillingness, type PreferenceName } from '../../src/core/model/preference.ts'
import type { RoleSnapshot } from '../../src/core/switchover/completion.ts'
import { ineligibilityReasons } from '../../src/core/switchover/eligibility.ts'
import { lacks } from '../../src/core/switchover/lacking.ts'

/** Milliseconds that a contender may take from its reading under the lock to its write: no session lives longer without contact. */
const JUDGED = 60_000

const contends: ReadonlySet<string> = new Set<SwitchoverRecord['cause']>(['contention', 'repair', 'fence'])

/** Nothing else is known of the nodes here. */
const unknown: NodeFacts = { health: null, staleChecks: 0, resources: [], fence: null, domainState: null, version: null, stateSince: null, keepaliveAt: null, keepaliveAge: null, domains: () => [] }

export class JudgedPreferences {
  readonly #say: (what: string) => void
  /** Node → since when each preference has kept it from contending, as its presence says. */
  readonly #since = new Map<string, Map<PreferenceName, number>>()

  constructor (say: (what: string) => void) { this.#say = say }

  /** @param now milliseconds */
  seen (members: readonly Member[], now: number): void {
    for (const member of members) {
      const before = this.#since.get(member.name)
      const keeping: readonly PreferenceName[] = [...unwillingness(preferenceOf(member)), ...lacks(member, members).length === 0 ? [] : ['resources' as const]]
      this.#since.set(member.name, new Map(keeping.map((name) => [name, before?.get(name) ?? now])))
    }
  }

  /** The key was written. @param record of its epoch, if it has one */
  named ({ key: { value }, members }: RoleSnapshot, record: SwitchoverRecord | undefined, now: number): void {
    if (record === undefined || record.to !== value || !contends.has(record.cause)) return
    if (members.find(({ name }) => name === value)?.coordinatorState !== 'secondary') return
    for (const [preference, since] of this.#since.get(value) ?? []) {
      if (now - since > JUDGED) this.#say(`22: ${value} has contended, and its ${preference} had kept it from that for ${((now - since) / 1000).toFixed(0)} s`)
    }
  }

  /** A node that a request may name with every preference overridden, where the conditions say that none becomes primary by itself. */
  onlyUnwilling (snapshot: RoleSnapshot | null): string | null {
    if (snapshot === null) return null
    const { key, members } = snapshot
    const { conditions } = conditionsOf({ key: { value: key.value, since: null }, members, node: () => unknown, open: [], vacant: 0, lock: null, maintenance: false, faults: [], newerSchema: null })
    if (!conditions.some(({ code, severity }) => code === 'candidates_unwilling' && severity === 'critical')) return null
    return members.find((member) => ineligibilityReasons(member, members, preferences).length === 0)?.name ?? null
  }
}
