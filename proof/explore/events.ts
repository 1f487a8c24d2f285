/** Everything that can happen next in a world, each with a label that says it and the world it leads to. */
import { step } from '../../src/core/coordinator/coordinator.ts'
import type { Coordinator, CoordinatorEvent, Effect, NodeAnswer } from '../../src/core/coordinator/coordinator-state.ts'
import { verdictOn } from '../../src/core/switchover/completion.ts'
import { closeRecord } from '../../src/core/model/record.ts'
import { beginKeyChange, continueKeyChange, type KeyAnswer } from '../../src/core/coordinator/key-change.ts'
import { holdersOf } from '../../src/core/switchover/handover.ts'
import { countsAsReleased, suspicion } from '../../src/core/fencing/judgement.ts'
import { holdsNothing } from '../../src/core/model/member.ts'
import { apply, joinLine, leaveLine, leaveSync } from './operations.ts'
import { pvcStep } from './pvc-peer.ts'
import { addReader } from './reader.ts'
import { boot, membersOf, pictureOf, viewOf, type Bounds, type Budget, type NodeModel, type NodeZnodes, type World } from './model.ts'

export interface Happening {
  readonly label: string
  readonly world: World
  /** Somebody has ordered it: a node that was stopped starts again, although another is there. No way to settle may need that. */
  readonly ordered: boolean
}

const wall = ''
type Input = CoordinatorEvent extends infer E ? E extends { wall: string } ? Omit<E, 'wall'> : never : never

/** Something is held or being acquired: the lease runs, and the session outlasts it. */
const leased = (node: NodeModel) => {
  const machine = node.machine
  if (machine === null) return false
  return machine.held.length > 0 || machine.activity.kind === 'demotion' ||
    (machine.activity.kind === 'procedure' && machine.activity.procedure.name === 'takeover' && machine.activity.procedure.steps[0].do !== 'lock_role')
}

const spend = (world: World, what: keyof Budget): World => ({ ...world, budget: { ...world.budget, [what]: world.budget[what] - 1 } })

/** Feeds one event to a node's machine and takes its effects. */
function feed (world: World, name: string, input: Input): World {
  const node = world.nodes[name]
  if (node === undefined || node.machine === null) return world
  const { state, effects } = step(node.machine, { ...input, wall } as CoordinatorEvent)
  const after = { ...node, machine: state }
  return effects.reduce((next, effect) => perform(next, name, effect), { ...world, nodes: { ...world.nodes, [name]: after } })
}

const changed = (world: World, name: string, change: Partial<NodeModel>): World => {
  const node = world.nodes[name]
  return node === undefined ? world : { ...world, nodes: { ...world.nodes, [name]: { ...node, ...change } } }
}

function perform (world: World, name: string, effect: Effect): World {
  const node = world.nodes[name]
  if (node === undefined) return world
  switch (effect.type) {
    case 'do': {
      const { op } = effect
      const joined = (op.op === 'lock' || op.op === 'lock_role') && !node.expired ? { ...world, zk: joinLine(world.zk, name) } : world
      const holds = op.op === 'acquire' ? [...new Set([...node.holds, op.resource])] : node.holds
      return changed(joined, name, { pending: { id: effect.id, op, cancelled: false }, holds })
    }
    case 'delay': return changed(world, name, { delays: [...node.delays, effect.id] })
    case 'cancel': {
      const pending = node.pending?.id === effect.id ? { ...node.pending, cancelled: true } : node.pending
      return changed(world, name, { pending, delays: node.delays.filter((id) => id !== effect.id) })
    }
    case 'ended': return effect.how === 'left' ? leave(world, name) : end(world, name)
    default: return world
  }
}

/** A clean stop: `stop` is written and the session closed. */
function leave (world: World, name: string): World {
  const ended = end(world, name)
  const znodes = ended.zk.nodes[name]
  if (znodes === undefined) return ended
  return { ...ended, zk: { ...ended.zk, nodes: { ...ended.zk.nodes, [name]: { ...znodes, daemonState: 'stop' } } } }
}

/** The daemon is gone, and its session with it. */
const end = (world: World, name: string): World => expire(changed(world, name, { machine: null, pending: null, delays: [] }), name)

function expire (world: World, name: string): World {
  const znodes = world.zk.nodes[name]
  if (znodes === undefined) return world
  const zk = { ...leaveSync(leaveLine(world.zk, name), name), nodes: { ...world.zk.nodes, [name]: { ...znodes, present: false } } }
  return changed({ ...world, zk }, name, { expired: true })
}

/** Carries out a node's pending operation and gives the machine its answer. */
function carryOut (world: World, name: string, node: NodeModel): World | null {
  const { pending } = node
  if (pending === null) return null
  const { op, id } = pending
  const answered = (next: World, answer: NodeAnswer, holds = node.holds) => feed(changed(next, name, { pending: null, holds }), name, { type: 'answer', id, answer })
  if (op.op === 'release') return answered(world, { kind: 'done' }, node.holds.filter((held) => held !== op.resource))
  if (op.op === 'acquire') return answered(world, pending.cancelled ? { kind: 'aborted' } : { kind: 'done' })
  if (node.expired) return answered(world, { kind: 'failed' })
  if (pending.cancelled && (op.op === 'lock' || op.op === 'lock_role') && world.zk.line[0] !== name) {
    return answered({ ...world, zk: leaveLine(world.zk, name) }, { kind: 'aborted' })
  }
  const applied = apply(world.zk, name, op)
  return applied === null ? null : answered({ ...world, zk: applied.zk }, applied.answer)
}

/** Also that of a contender which leaves the key to others first: it ends whether or not they have come to it. */
const shortDelay = (machine: Coordinator, id: number) =>
  (machine.activity.kind === 'procedure' && machine.activity.id === id) ||
  (machine.timers.idle?.id === id && (/"do":"(takeover|relinquish)"/.test(machine.timers.idle.subject) || /"do":"contend","after":0/.test(machine.timers.idle.subject)))

/** Nothing short of a long delay can happen of itself: no node is busy, and every node has seen everything. */
export const quiet = (world: World, resources: readonly string[]) => world.api === null && Object.keys(world.nodes).every((name) => pvcStep(world, name, resources) === null) && Object.values(world.nodes).every((node) => node.machine === null ||
  ((node.pending === null || (node.pending.op.op === 'lock_role' && !node.pending.cancelled)) && node.machine.view === viewOf(world.zk) &&
    !node.delays.some((id) => node.machine !== null && shortDelay(node.machine, id))))

/** It waits for its peers to release, and they have: its watches tell it so. */
function mayGoOn ({ activity, settings }: Coordinator, world: World): boolean {
  if (activity.kind !== 'procedure' || activity.peers === 'asked_and_moved') return false
  const [now] = activity.procedure.steps
  return now.do === 'await_release' && holdersOf(now.resource, settings.self, membersOf(world.zk)).length === 0
}

export function happenings (world: World, bounds: Bounds): readonly Happening[] {
  const list: Happening[] = []
  const add = (label: string, next: World | null, ordered = false) => { if (next !== null && next !== world) list.push({ label, world: next, ordered }) }
  const calm = quiet(world, bounds.resources)
  for (const [name, node] of Object.entries(world.nodes)) {
    const { machine, pending } = node
    if (node.pvc !== null) {
      const step = pvcStep(world, name, bounds.resources)
      if (step !== null) add(step.label, step.world)
      if (node.pvc.doing === 'contend' && world.zk.line[0] !== name) add(`${name} (PVC): lock time-out`, changed({ ...world, zk: leaveLine(world.zk, name) }, name, { pvc: { doing: 'rest', version: world.zk.key.version } }))
      continue
    }
    if (machine === null) {
      add(`${name} starts`, node.expired ? boot(world, name, bounds) : null, bounds.pvc > 0 && world.zk.nodes[name]?.daemonState === 'stop')
      add(`${name}: its session expires`, node.expired ? null : expire(world, name))
      continue
    }
    if (pending !== null) {
      add(`${name}: ${pending.op.op}${'resource' in pending.op ? ` ${pending.op.resource}` : ''}`, carryOut(world, name, node))
      if (pending.op.op === 'lock' && world.zk.line[0] !== name) {
        add(`${name}: lock time-out`, feed(changed({ ...world, zk: leaveLine(world.zk, name) }, name, { pending: null }), name, { type: 'answer', id: pending.id, answer: { kind: 'refused' } }))
      }
      if ((pending.op.op === 'acquire' || pending.op.op === 'release') && world.budget.failures > 0) {
        const failure = { code: '', resource: pending.op.resource, message: '' }
        add(`${name}: ${pending.op.op} ${pending.op.resource} fails`, feed(changed(spend(world, 'failures'), name, { pending: null }), name, { type: 'answer', id: pending.id, answer: { kind: 'refused', failure } }))
      }
    }
    if (!node.expired && (machine.view !== viewOf(world.zk) || mayGoOn(machine, world))) add(`${name} sees the cluster`, feed(world, name, { type: 'view', view: viewOf(world.zk) }))
    for (const id of node.delays) {
      const elapsed = (from: World) => feed(changed(from, name, { delays: node.delays.filter((other) => other !== id) }), name, { type: 'elapsed', id })
      if (shortDelay(machine, id) || calm) add(`${name}: delay over`, elapsed(world))
      else if (world.budget.hasty > 0) add(`${name}: delay over early`, elapsed(spend(world, 'hasty')))
    }
    if (world.budget.crashes > 0) add(`${name} crashes`, changed(spend(world, 'crashes'), name, { machine: null, pending: null, delays: [] }))
    if (world.budget.expiries > 0) {
      if (leased(node)) {
        if (machine.activity.kind !== 'demotion') add(`${name}: lease runs out`, feed(spend(world, 'expiries'), name, { type: 'lost', reason: '' }))
      } else if (!node.expired) add(`${name}: session expires unseen`, expire(spend(world, 'expiries'), name))
    }
    if (node.expired) add(`${name} learns that its session is gone`, feed(world, name, { type: 'lost', reason: '' }))
    if (world.budget.shutdowns > 0 && !machine.stopping) add(`${name} is told to stop`, feed(spend(world, 'shutdowns'), name, { type: 'shutdown' }))
  }
  addJudges(world, add)
  addClients(world, bounds, add)
  addClosers(world, add)
  addReader(world, add)
  return list
}

/** Milliseconds, and a moment at which every window is over: how long anything takes is not what is searched. */
const TERMS = { keepaliveWindow: 1, presenceWindow: 1 }
const LATER = 1e6

/** Who is judged dead by the others, and with `unfenced_failover` counts as having released. A node that sees itself judged releases everything. */
function addJudges (world: World, add: (label: string, next: World | null) => void): void {
  const { zk, budget } = world
  for (const member of membersOf(zk)) {
    const { name } = member
    const node = world.nodes[name]
    const znodes = zk.nodes[name]
    if (node === undefined || znodes === undefined || znodes.pvc) continue
    const write = (from: World, change: Partial<NodeZnodes>): World => ({ ...from, zk: { ...from.zk, nodes: { ...from.zk.nodes, [name]: { ...znodes, ...change } } } })
    const watch = { presenceSeen: true, goneSince: znodes.present ? null : 0, last: { presence: null, renewal: null, keepalive: null, daemonState: null }, changes: true, keepaliveAt: 0, changedAt: 0, deadSince: null }
    const why = suspicion(member, watch, TERMS, LATER)
    if (why === 'presence_gone' && budget.unfenced > 0) add(`${name} is judged dead`, write(world, { daemonState: 'dead' }))
    if (why === 'keepalive_stale' && budget.stale > 0) add(`${name} is judged dead by its keepalive`, write(spend(world, 'stale'), { daemonState: 'dead' }))
    if (budget.unfenced > 0 && !holdsNothing(member) && countsAsReleased(member, watch, 1, LATER)) {
      add(`${name} counts as having released`, write(spend(world, 'unfenced'), { state: 'secondary', stateVersion: znodes.stateVersion + 1 }))
    }
    if (znodes.daemonState === 'dead' && node.machine !== null && !node.expired) add(`${name} sees itself judged`, feed(world, name, { type: 'lost', reason: '' }))
  }
}

function addClients (world: World, bounds: Bounds, add: (label: string, next: World | null) => void): void {
  const { zk, api, budget } = world
  if (api !== null) {
    const [op] = api.plan
    const applied = apply(zk, 'api', op)
    const goOn = (next: World, answer: KeyAnswer): World => {
      const progress = continueKeyChange(api, answer, wall)
      if (progress.done) return { ...next, api: null }
      const [following] = progress.change.plan
      return { ...next, zk: following.op === 'lock' ? joinLine(next.zk, 'api') : next.zk, api: progress.change }
    }
    if (applied !== null && applied.answer.kind !== 'aborted') add(`api: ${op.op}`, goOn({ ...world, zk: applied.zk }, applied.answer))
    if (op.op === 'lock' && zk.line[0] !== 'api') add('api: lock time-out', { ...world, zk: leaveLine(zk, 'api'), api: null })
    if (budget.crashes > 0) add('api crashes', { ...spend(world, 'crashes'), zk: leaveLine(zk, 'api'), api: null })
  } else if (budget.requests > 0) {
    for (const to of bounds.nodes) {
      if (zk.key.value === to) continue
      const change = beginKeyChange({ kind: 'request', request: { to, from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null } }, { underLock: false })
      add(`a client asks for ${to}`, { ...spend(world, 'requests'), zk: joinLine(zk, 'api'), api: change })
    }
  }
  if (budget.blindWrites > 0) {
    for (const value of [...bounds.nodes, 'none']) {
      // PVC's keepalive writes the key to itself.
      if (zk.key.value !== value || value !== 'none') add(`an outsider writes ${value}`, { ...spend(world, 'blindWrites'), zk: { ...zk, key: { value, version: zk.key.version + 1 } } })
    }
  }
}

/** The keepers of the records close what has ended; the bound counts only once no node can do anything more. */
function addClosers (world: World, add: (label: string, next: World | null) => void): void {
  const view = pictureOf(world.zk)
  for (const stored of world.zk.records) {
    const closing = verdictOn(stored.record, view, view.records, false)
    if (closing === null) continue
    const applied = apply(world.zk, '', { op: 'close_record', record: closeRecord(stored.record, '', closing, stored.record), version: stored.version })
    add(`switchover ${stored.record.epoch} is closed: ${closing.outcome}`, applied === null ? null : { ...world, zk: applied.zk })
  }
}
