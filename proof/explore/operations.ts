/** What each operation does to the model of ZooKeeper, and its answer; null while it has to wait (for the lock). */
import type { NodeAnswer, NodeOp } from '../../src/core/coordinator/coordinator-state.ts'
import { closeRecord, isAfterLoss, isOpen, type SwitchoverRecord } from '../../src/core/model/record.ts'
import { unreachable } from '../../src/core/model/states.ts'
import type { Transition } from '../../src/core/model/transition.ts'
import { membersOf, keySnapshotOf, type NodeZnodes, type ZooKeeperModel } from './model.ts'

const done: NodeAnswer = { kind: 'done' }
const refused: NodeAnswer = { kind: 'refused' }

export interface Applied {
  readonly zk: ZooKeeperModel
  readonly answer: NodeAnswer
}

export const leaveLine = (zk: ZooKeeperModel, who: string): ZooKeeperModel =>
  zk.line.includes(who) ? { ...zk, line: zk.line.filter((name) => name !== who) } : zk

export const leaveSync = (zk: ZooKeeperModel, who: string): ZooKeeperModel =>
  ({ ...zk, guards: zk.guards.filter((name) => name !== who), sync: zk.sync.filter((name) => name !== who) })

export const joinLine = (zk: ZooKeeperModel, who: string): ZooKeeperModel =>
  zk.line.includes(who) ? zk : { ...zk, line: [...zk.line, who] }

/** Nothing that people alone read makes two states different. */
const plain = (record: SwitchoverRecord): SwitchoverRecord =>
  ({ ...record, started_at: '', finished_at: null, timeout: 0, nodes: {}, timeline: [], progress: 0, requested_by: null, force: null, ...withoutStory(record), error: record.error === null ? null : { code: '', resource: null, message: '' } })

/** Why it began. No decision rests on which node has lost the role before: such a record is judged as one that came from no node. */
export const withoutStory = ({ from, ...record }: Pick<SwitchoverRecord, 'from' | 'evidence' | 'last_held_at'>) => ({ from: isAfterLoss(record) ? null : from, reason: null, evidence: null, last_held_at: null })

const plainTransition = (transition: Transition): Transition =>
  ({ ...transition, epoch: null, step: 0, of: 0, resource: null, since: '', error: null })

/** @param who carries it out: a node's name, or `api` */
export function apply (zk: ZooKeeperModel, who: string, op: NodeOp): Applied | null {
  switch (op.op) {
    case 'lock':
    case 'lock_role': return zk.line[0] === who ? { zk, answer: done } : null
    case 'unlock': return { zk: leaveLine(zk, who), answer: done }
    case 'read_snapshot': return { zk, answer: { kind: 'done', keySnapshot: keySnapshotOf(zk) } }
    case 'read_peers': return { zk, answer: { kind: 'done', members: membersOf(zk) } }
    case 'read_record': return { zk, answer: { kind: 'done', record: zk.records.find(({ record }) => record.epoch === op.epoch)?.record ?? null } }
    case 'write_ledger': return { zk, answer: done }
    case 'create_record': {
      if (zk.records.some(({ record }) => record.epoch === op.record.epoch)) return { zk, answer: refused }
      return { zk: { ...zk, records: [...zk.records, { record: plain(op.record), version: 0 }].sort((a, b) => a.record.epoch - b.record.epoch) }, answer: done }
    }
    case 'close_record': {
      const stored = zk.records.find(({ record }) => record.epoch === op.record.epoch)
      return stored?.version === op.version ? { zk: replaced(zk, op.record), answer: done } : { zk, answer: refused }
    }
    case 'conclude': {
      const stored = zk.records.find(({ record }) => record.epoch === op.epoch)
      if (stored === undefined || !isOpen(stored.record)) return { zk, answer: refused }
      return { zk: replaced(zk, closeRecord(stored.record, '', op.closing, stored.record)), answer: done }
    }
    case 'write_key': {
      const left = op.andUnlock === true ? leaveLine(zk, who) : zk
      if (zk.key.version !== op.version) return { zk: left, answer: refused }
      return { zk: { ...left, key: { value: op.value, version: op.version + 1 } }, answer: done }
    }
    case 'publish': return { zk: written(zk, who, { transition: plainTransition(op.transition) }), answer: done }
    case 'write_state': return { zk: written(zk, who, { state: op.state, stateVersion: 0 }), answer: done }
    case 'write_daemon_state': return { zk: written(zk, who, { daemonState: op.daemonState }), answer: done }
    case 'guard_sync': return { zk: { ...leaveSync(zk, who), guards: [...zk.guards, who].sort() }, answer: done }
    case 'hold_sync': {
      const left = leaveSync(zk, who)
      return { zk: { ...left, sync: [...left.sync, who].sort() }, answer: done }
    }
    case 'release_sync': return { zk: leaveSync(zk, who), answer: done }
    case 'acquire':
    case 'release': return { zk, answer: done }
    default: return unreachable(op)
  }
}

const replaced = (zk: ZooKeeperModel, record: SwitchoverRecord): ZooKeeperModel => ({
  ...zk, records: zk.records.map((stored) => stored.record.epoch === record.epoch ? { record: plain(record), version: 1 } : stored),
})

export function written (zk: ZooKeeperModel, who: string, change: Partial<NodeZnodes>): ZooKeeperModel {
  const znodes = zk.nodes[who]
  return znodes === undefined ? zk : { ...zk, nodes: { ...zk.nodes, [who]: { ...znodes, ...change } } }
}
