/**
 * What becomes of a dead coordinator, for people: what this cluster does by itself, and how far it has got. Pure. PVC has no such words; a
 * cluster of PVC's daemons alone has no report.
 */
import type { BrokenFence } from '../model/fence-probe.ts'
import { suspicions, type FenceRecord, type FenceState } from '../model/fence-record.ts'
import { isMissing } from './judgement.ts'
import type { Failover } from '../model/failover.ts'
import type { Member } from '../model/member.ts'

export interface FencingReport {
  /** What the coordinators that are there do; `differs` where they are not of one mind, null where none says. */
  readonly failover: Failover | 'differs' | null
  /** Why no dead node is fenced at present; null if that is not so. */
  readonly suspended: {
    readonly why: 'maintenance' | 'several_dead'
    /** The coordinators that are dead or out of contact; in maintenance mode the dead nodes. Sorted by name. */
    readonly nodes: readonly string[]
    /** Of these, whose confirmation by an operator lets the fencing of the others begin again. */
    readonly confirm: readonly string[]
  } | null
  /** Fences that would fail, as the coordinators have found out before they are needed. Sorted by node, then by who found it. */
  readonly broken: ReadonlyArray<BrokenFence & { readonly found_by: string }>
  /** Nodes that are dead, and may hold resources until a fence or an operator confirms otherwise. Sorted by name. */
  readonly dead: ReadonlyArray<{
    readonly node: string
    /** null where no record of ours has judged it. */
    readonly state: FenceState | null
    readonly why: string | null
    readonly attempts: number
    readonly since: string | null
    /** What the last attempt came to. */
    readonly message: string | null
  }>
}

/**
 * @param fence the fence record of a node; null: there is none; undefined: it is not known yet, and a dead node is not listed without it
 * @param maintenance whether the cluster is in maintenance mode
 */
export function fencingReport (members: readonly Member[], fence: (name: string) => FenceRecord | null | undefined, maintenance = false): FencingReport | null {
  if (!members.some(({ ours }) => ours)) return null
  const said = new Set(members.filter(({ mode }) => mode === 'coordinator').map(({ presence }) => presence?.failover ?? null).filter((word) => word !== null))
  return {
    suspended: suspension(members, fence, maintenance),
    broken: members.flatMap(({ name, presence }) => (presence?.brokenFences ?? []).map((each) => ({ ...each, found_by: name })))
      .sort((a, b) => a.node < b.node || (a.node === b.node && a.found_by < b.found_by) ? -1 : 1),
    failover: said.size > 1 ? 'differs' : [...said][0] ?? null,
    dead: members.filter(({ name, daemonState }) => daemonState === 'dead' && fence(name) !== undefined).map(({ name }) => name).sort().map((node) => {
      const record = fence(node)
      return {
        node,
        state: record?.state ?? null,
        why: record?.why == null ? null : suspicions[record.why],
        attempts: record?.attempts ?? 0,
        since: record?.since ?? null,
        message: record?.message ?? null,
      }
    }),
  }
}

/** As `fencingPlan` suspends it, from the znodes alone. */
function suspension (members: readonly Member[], fence: (name: string) => FenceRecord | null | undefined, maintenance: boolean): FencingReport['suspended'] {
  const dead = members.filter(({ daemonState }) => daemonState === 'dead')
  if (dead.length === 0) return null
  const names = (list: readonly Member[]) => list.map(({ name }) => name).sort()
  if (maintenance) return { why: 'maintenance', nodes: names(dead), confirm: [] }
  const down = members.filter((member) => member.mode === 'coordinator' && (member.daemonState === 'dead' || isMissing(member)))
  return down.length < 2 ? null : { why: 'several_dead', nodes: names(down), confirm: unblocking(dead.filter(({ mode }) => mode === 'coordinator'), fence) }
}

/** All but one of the dead: that one can be fenced then. It is one that no attempt has failed for, and rather one that was primary. */
function unblocking (dead: readonly Member[], fence: (name: string) => FenceRecord | null | undefined): readonly string[] {
  const rank = ({ name, coordinatorState }: Member) => (fence(name)?.state === 'unconfirmed' ? 0 : 2) + (coordinatorState === 'secondary' ? 0 : 1)
  const order = [...dead].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
  return order.slice(0, Math.max(1, order.length - 1)).map(({ name }) => name)
}
