/**
 * What is judged once the daemons are quiet: ZooKeeper's own transaction log, by the invariants that the simulator is judged by; the effects on the
 * machines; and what clients were told.
 */
import { parseRecord } from '../../src/core/record.ts'
import { PRIMARY_NODE, SWITCHOVERS } from '../../src/zookeeper/paths.ts'
import { Judge } from '../simulate/judge.ts'
import { Znodes, type Change } from '../simulate/zookeeper/znodes.ts'
import type { Transaction } from '../support/zookeeper-server.ts'
import type { Arena } from './arena.ts'
import type { Clients } from './clients.ts'

/** A node was impaired, or everybody was; milliseconds since 1970. */
export interface Impairment {
  readonly node: string | 'everybody'
  readonly from: number
  readonly until: number
}

/** Milliseconds after an impairment in which a fence may still come of it: judgement, saving throws, the agent. */
const AFTERMATH = 30_000

export interface Verdict {
  readonly violations: readonly string[]
  readonly switchovers: number
  readonly outcomes: ReadonlyMap<string, number>
  readonly transactions: number
  readonly fences: number
}

export async function judge (arena: Arena, clients: Clients, impairments: readonly Impairment[]): Promise<Verdict> {
  const transactions = await arena.ensemble.transactions()
  const znodes = new Znodes()
  let at = 0
  const court = new Judge({ znodes: () => znodes, machines: () => [], now: () => at })
  /** Requests by the reason that their record has → epochs at which the key was written for them. */
  const begun = new Map<string, number[]>()
  for (const [index, transaction] of transactions.entries()) {
    const change = changeOf(transaction)
    if (change === null) continue
    at = index
    const made = { zxid: parseInt(transaction.zxid, 16), time: 0, session: transaction.session, change, tag: index }
    const { code } = znodes.apply(made)
    if (code !== 0) court.broke(`the log says ${change.op} ${'path' in change ? change.path : ''}, which cannot be (${code})`)
    court.committed(made)
    noteRequest(change, begun)
  }
  for (const { told, to } of clients.requests) court.told(told, { to })
  const fences = arena.fences()
  return {
    violations: [
      ...court.violations.map(({ at: place, what }) => `${what} (transaction ${transactions[place]?.zxid ?? '?'})`),
      ...arena.cluster.collisions().map((line) => `1: collision: ${line}`),
      ...clients.complaints,
      ...clients.requests.flatMap(({ reason, told }) => {
        const epochs = begun.get(reason) ?? []
        return [
          ...epochs.length > 1 ? [`6: the request "${reason}" moved the primary ${epochs.length} times`] : [],
          ...told.kind === 'not_started' && epochs.length > 0 ? [`10: the request "${reason}" was told not_started, and is switchover ${epochs.join(' ')}`] : [],
        ]
      }),
      ...fences.filter(({ at: when, node }) => !impairments.some((each) => (each.node === node || each.node === 'everybody') && each.from <= when && when <= each.until + AFTERMATH))
        .map(({ at: when, node }) => `9: ${node} was fenced at ${new Date(when).toISOString()}, and nothing had been done to it`),
    ],
    switchovers: court.switchovers,
    outcomes: court.outcomes,
    transactions: transactions.length,
    fences: fences.length,
  }
}

/** The record of an epoch names its request; that the key was written for it is told by the outcome. */
function noteRequest (change: Change, begun: Map<string, number[]>): void {
  if (change.op !== 'set' || !change.path.startsWith(`${SWITCHOVERS}/`)) return
  const record = parseRecord(change.data)
  if (record?.reason == null || record.outcome === null || record.outcome === 'not_applied') return
  const epochs = begun.get(record.reason) ?? []
  if (!epochs.includes(record.epoch)) begun.set(record.reason, [...epochs, record.epoch])
}

/** null for what changes nothing. */
function changeOf ({ op, path, data, ephemeral }: Transaction): Change | null {
  switch (op) {
    case 'createSession': return { op: 'open_session' }
    case 'closeSession': return { op: 'close_session' }
    case 'create': return { op: 'create', path, data, ephemeral, sequential: false }
    case 'setData': return { op: 'set', path, data, version: -1 }
    case 'delete': return { op: 'delete', path, version: -1 }
    case 'error': return null
    default: throw new Error(`the transaction log has ${op} of ${path === '' ? PRIMARY_NODE : path}, which is not known here`)
  }
}
