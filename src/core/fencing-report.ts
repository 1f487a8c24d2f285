/**
 * What becomes of a dead coordinator, for people: what this cluster does by itself, and how far it has got. Pure. PVC has no such words; a
 * cluster of PVC's daemons alone has no report.
 */
import { suspicions, type FenceRecord, type FenceState } from './fence-record.ts'
import type { Member } from './member.ts'

/**
 * What a coordinator does about a dead primary: fences it first, counts it as having let go once its lease must have ended, or waits for an
 * operator.
 */
export const failovers = ['fenced', 'unfenced', 'manual'] as const
export type Failover = typeof failovers[number]

export const failoverOf = (word: unknown): Failover | null => failovers.find((known) => known === word) ?? null

export interface FencingReport {
  /** What the coordinators that are there do; `differs` where they are not of one mind, null where none says. */
  readonly failover: Failover | 'differs' | null
  /** Nodes that are dead, and may hold resources until a fence or an operator confirms otherwise. Sorted by name. */
  readonly dead: ReadonlyArray<{
    readonly node: string
    /** null where nobody has judged it by a record of ours. */
    readonly state: FenceState | null
    readonly why: string | null
    readonly attempts: number
    readonly since: string | null
    /** What the last attempt came to. */
    readonly message: string | null
  }>
}

/** @param fence the fence record of a node, or null */
export function fencingReport (members: readonly Member[], fence: (name: string) => FenceRecord | null): FencingReport | null {
  if (!members.some(({ ours }) => ours)) return null
  const said = new Set(members.filter(({ mode }) => mode === 'coordinator').map(({ presence }) => presence?.failover ?? null).filter((word) => word !== null))
  return {
    failover: said.size > 1 ? 'differs' : [...said][0] ?? null,
    dead: members.filter(({ daemonState }) => daemonState === 'dead').map(({ name }) => name).sort().map((node) => {
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
