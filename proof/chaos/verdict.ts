/**
 * What is judged once the daemons are quiet: ZooKeeper's own transaction log, by the invariants that the simulator is judged by; the effects on the
 * machines; and what clients were told.
 */
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import { Judge } from '../invariants/judge.ts'
import { Znodes, type Change } from '../simulate/zookeeper/znodes.ts'
import type { Transaction } from '../../tools/testbed/zookeeper-server.ts'
import type { Request } from './clients.ts'

/** A node was impaired, or everybody was; milliseconds since 1970. */
export interface Impairment {
  readonly node: string | 'everybody'
  readonly from: number
  readonly until: number
}

/** Milliseconds after an impairment in which a fence may still come of it: judgement, saving throws, the agent. */
const AFTERMATH = 30_000

/** What is left when everything is quiet. */
export interface Evidence {
  /** Everything that was committed, in order. */
  readonly transactions: readonly Transaction[]
  /** Acquisitions of what another node held, in the words of the resource that noticed. */
  readonly collisions: readonly string[]
  /** When, milliseconds since 1970, and whom the power switch ended. */
  readonly fences: ReadonlyArray<{ readonly at: number, readonly node: string }>
  readonly impairments: readonly Impairment[]
  readonly requests: readonly Request[]
  /** Replies that no client may ever get. */
  readonly complaints: readonly string[]
}

export interface Verdict {
  readonly violations: readonly string[]
  readonly switchovers: number
  readonly outcomes: ReadonlyMap<string, number>
  readonly transactions: number
  readonly fences: number
}

export function judge ({ transactions, collisions, fences, impairments, requests, complaints }: Evidence): Verdict {
  const znodes = new Znodes()
  let at = 0
  const court = new Judge({ znodes: () => znodes, machines: () => [], now: () => at })
  for (const [index, transaction] of transactions.entries()) {
    const change = changeOf(transaction)
    if (change === null) continue
    at = index
    const made = { zxid: parseInt(transaction.zxid, 16), time: transaction.time, session: transaction.session, change, tag: index }
    const { code } = znodes.apply(made)
    if (code !== 0) court.broke(`the log says ${change.op} ${'path' in change ? change.path : ''}, which cannot be (${code})`)
    court.committed(made)
  }
  for (const { told, to, reason } of requests) court.told(told, { to, reason, alone: true })
  const isExcused = (when: number, node: string) => impairments.some((each) => (each.node === node || each.node === 'everybody') && each.from <= when && when <= each.until + AFTERMATH)
  return {
    violations: [
      ...court.violations.map(({ at: place, what }) => `${what} (transaction ${transactions[place]?.zxid ?? '?'})`),
      ...collisions.map((line) => `1: collision: ${line}`),
      ...complaints,
      ...fences.filter((fence) => !isExcused(fence.at, fence.node)).map((fence) => `9: ${fence.node} was fenced at ${new Date(fence.at).toISOString()}, and nothing had been done to it`),
    ],
    switchovers: court.switchovers,
    outcomes: court.outcomes,
    transactions: transactions.length,
    fences: fences.length,
  }
}

/** null for what changes nothing. */
function changeOf ({ op, path, data, ephemeral, znodes = [] }: Transaction): Change | null {
  switch (op) {
    case 'createSession': return { op: 'open_session' }
    case 'closeSession': return { op: 'close_session' }
    case 'create': return { op: 'create', path, data, ephemeral, sequential: false }
    case 'setData': return { op: 'set', path, data, version: -1 }
    case 'delete': return { op: 'delete', path, version: -1 }
    case 'multi': return znodes.length === 0 ? null : { op: 'create_all', znodes }
    case 'error': return null
    default: throw new Error(`the transaction log has ${op} of ${path === '' ? PRIMARY_NODE : path}, which is not known here`)
  }
}
