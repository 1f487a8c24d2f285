/**
 * The cluster that the exhaustive search walks through: the production coordinator machines over a model of what they read and write.
 * Plain immutable data; whatever is not touched by an event keeps its identity, so that its text is made only once.
 *
 * What is atomic: one operation on ZooKeeper and the arrival of its answer. What is not bounded by time: everything but the lease, which
 * runs out before the session can. An acquisition counts as holding from its beginning, a release as releasing only at its end.
 */
import { newCoordinator, type ClusterSnapshot, type Coordinator, type NodeOp } from '../../src/core/coordinator/coordinator-state.ts'
import type { RoleSnapshot } from '../../src/core/switchover/completion.ts'
import type { KeyChange } from '../../src/core/coordinator/key-change.ts'
import type { Member } from '../../src/core/model/member.ts'
import { defaultPreference } from '../../src/core/model/preference.ts'
import type { StoredRecord, KeySnapshot } from '../../src/core/switchover/key-snapshot.ts'
import type { CoordinatorState, DaemonState } from '../../src/core/model/states.ts'
import type { Transition } from '../../src/core/model/transition.ts'

/** What ZooKeeper holds of a node. */
export interface NodeZnodes {
  readonly daemonState: DaemonState | null
  readonly state: CoordinatorState | null
  readonly stateVersion: number
  readonly present: boolean
  readonly transition: Transition | null
  /** It runs PVC's daemon, and is known by its states alone. */
  readonly pvc: boolean
  /** The priority that its presence says; left out: the default. It is configuration, and outlives every daemon. */
  readonly priority?: number | undefined
}

export interface ZooKeeperModel {
  readonly key: { readonly value: string, readonly version: number }
  readonly records: readonly StoredRecord[]
  /** Who waits for the primary lock, the holder first: a node's name, or `api`. */
  readonly line: readonly string[]
  /** Which of ours hold PVC's sync lock as a primary. */
  readonly guards: readonly string[]
  /** Which of ours are in its line behind the PVC node's first phase, until they have released everything. */
  readonly sync: readonly string[]
  readonly nodes: Readonly<Record<string, NodeZnodes>>
}

/** An operation that was asked for and has not been carried out. */
export interface Pending {
  readonly id: number
  readonly op: NodeOp
  readonly cancelled: boolean
}

/** How far a PVC node is, and the version of the key that it does not act on any more. */
export interface PvcNode {
  readonly doing: 'rest' | 'contend' | 'misses' | 'takes_over' | 'lock' | 'phase_a' | 'phase_b' | 'settle' | 'release' | 'leave'
  readonly version: number | null
}

export interface NodeModel {
  /** null for one of ours. */
  readonly pvc: PvcNode | null
  /** null while no daemon runs. */
  readonly machine: Coordinator | null
  readonly pending: Pending | null
  /** Numbers of the delays that run. */
  readonly delays: readonly number[]
  /** The session has ended in ZooKeeper, and the daemon has yet to find out. */
  readonly expired: boolean
  /** What this machine may hold, whatever any daemon believes; it outlives a crash. */
  readonly holds: readonly string[]
}

/** What is read of the cluster in one go: the key, or the nodes' states. */
export type Part = 'key' | 'nodes'
export type Parts = Partial<Pick<ZooKeeperModel, Part>>

/** A process that reads, part by part and twice, whether a switchover is over. */
export interface Reader {
  readonly epoch: number
  readonly to: string
  readonly first: Parts
  readonly second: Parts
  /** What was written since it was read first. */
  readonly moved: readonly Part[]
  /** The completion rule held at some instant since the reading began. */
  readonly complete: boolean
}

export interface World {
  readonly zk: ZooKeeperModel
  readonly nodes: Readonly<Record<string, NodeModel>>
  /** The API's change of the key, and what it has come to. */
  readonly api: KeyChange | null
  readonly reader: Reader | null
  /** What may still happen of each kind. */
  readonly budget: Budget
}

export interface Budget {
  readonly requests: number
  readonly blindWrites: number
  readonly crashes: number
  readonly expiries: number
  readonly failures: number
  readonly shutdowns: number
  /** Delays that end although a node is still busy: an operation slower than the delay. */
  readonly hasty: number
  /** Nodes that are there, but judged dead because their keepalive does not change. */
  readonly stale: number
  /** Dead nodes that count as having released without a fence. */
  readonly unfenced: number
  /** Closings for which the cluster is read part by part, rather than in one instant. */
  readonly readings: number
}

export interface Bounds extends Budget {
  readonly nodes: readonly string[]
  readonly resources: readonly string[]
  /** How many of the nodes, the last of them, run PVC's daemon. */
  readonly pvc: number
  /** Writes of the key; states beyond are counted, not entered. */
  readonly writes: number
  /** Of the nodes, in their order; left out: the default of each. */
  readonly priorities?: readonly number[] | undefined
}

const CZXID = 'c'
const LEDGER = { czxid: CZXID, base: 0 }

const settingsOf = (self: string, bounds: Bounds) => ({
  self,
  mode: 'coordinator' as const,
  resources: bounds.resources,
  delays: { transitionDelay: 1, takeoverStart: 10, reclaimDelay: 11, settleTime: 2, handoverTimeout: 12 },
  backoff: { first: 13, most: 13 },
})

function member (name: string, { daemonState, state, stateVersion, present, transition, pvc, priority }: NodeZnodes): Member {
  return {
    name,
    mode: 'coordinator',
    daemonState,
    coordinatorState: state,
    stateVersion: state === null ? null : stateVersion,
    stateSince: null,
    presence: present ? { owner: '', api: null, takeoverTime: null, relinquishTime: null, failover: null, readiness: null, backoff: null, brokenFences: null, preference: priority === undefined ? defaultPreference : { ...defaultPreference, priority }, resources: null, earlierSign: null } : null,
    transition,
    ours: present || transition !== null,
    fencersWord: false,
    firstWord: false,
    alive: pvc,
    stamp: '',
  }
}

const members = new WeakMap<ZooKeeperModel['nodes'], readonly Member[]>()

export function membersOf (zk: ZooKeeperModel): readonly Member[] {
  const known = members.get(zk.nodes)
  if (known !== undefined) return known
  const made = Object.entries(zk.nodes).map(([name, znodes]) => member(name, znodes))
  members.set(zk.nodes, made)
  return made
}

const keyOf = (key: ZooKeeperModel['key']) => ({ ...key, czxid: CZXID, mzxid: String(key.version) })

/** The cluster as it is. */
export const pictureOf = (zk: ZooKeeperModel): ClusterSnapshot => ({
  key: keyOf(zk.key),
  ledger: LEDGER,
  members: membersOf(zk),
  records: zk.records.map(({ record }) => record),
})

/** The cluster as its parts were when they were read. @param stamp says of each part whether another reading has shown the same */
export const pictureOfParts = ({ key, nodes }: Required<Parts>, stamp: (part: Part) => string): RoleSnapshot => ({
  key: { ...keyOf(key), mzxid: stamp('key') },
  ledger: LEDGER,
  members: Object.entries(nodes).map(([name, znodes]) => ({ ...member(name, znodes), stamp: stamp('nodes') })),
})

const views = new WeakMap<ZooKeeperModel, ClusterSnapshot>()
const interned = new Map<string, ClusterSnapshot>()

/**
 * The cluster as a coordinator at rest looks at it: without what no decision rests on (how far a transition has come, the records), so
 * that two views are one object exactly when they lead to the same decisions.
 */
export function viewOf (zk: ZooKeeperModel): ClusterSnapshot {
  const known = views.get(zk)
  if (known !== undefined) return known
  const seen: ClusterSnapshot = { ...pictureOf(zk), records: [], members: membersOf(zk).map((member) => ({ ...member, transition: null, stateVersion: member.stateVersion === null ? null : 0 })) }
  const text = JSON.stringify(seen)
  const view = interned.get(text) ?? seen
  interned.set(text, view)
  views.set(zk, view)
  return view
}

export const keySnapshotOf = (zk: ZooKeeperModel): KeySnapshot => ({
  ...pictureOf(zk), ledgerVersion: 0, recordEpochs: zk.records.map(({ record }) => record.epoch), records: zk.records,
})

/** Left out where it is the default, so that a world without priorities has the text that it had. */
const ofPriority = (priority: number | undefined) => priority === undefined ? {} : { priority }

/** A daemon begins: registered, present, in `init`. */
export function boot (world: World, name: string, bounds: Bounds): World {
  const before = world.zk.nodes[name]
  const znodes: NodeZnodes = {
    daemonState: 'init', state: before?.state ?? null, stateVersion: before?.stateVersion ?? 0, present: true, transition: before?.transition ?? null, pvc: false, ...ofPriority(before?.priority),
  }
  const node: NodeModel = {
    pvc: null,
    machine: newCoordinator(settingsOf(name, bounds), world.zk.key.version),
    pending: null,
    delays: [],
    expired: false,
    holds: world.nodes[name]?.holds ?? [],
  }
  return {
    ...world,
    zk: { ...world.zk, nodes: { ...world.zk.nodes, [name]: znodes } },
    nodes: { ...world.nodes, [name]: node },
  }
}

/** A cluster that has come to rest: the first node is primary since epoch 1, the others are secondary. */
export function initialWorld (bounds: Bounds): World {
  const first = bounds.nodes[0] ?? ''
  const ofPvc = bounds.nodes.slice(bounds.nodes.length - bounds.pvc)
  const znodes = Object.fromEntries(bounds.nodes.map((name, index): [string, NodeZnodes] => [name, {
    ...ofPriority(bounds.priorities?.[index]),
    daemonState: 'run',
    state: name === first ? 'primary' : 'secondary',
    stateVersion: 0,
    present: !ofPvc.includes(name),
    pvc: ofPvc.includes(name),
    transition: ofPvc.includes(name)
      ? null
      : {
          epoch: null, direction: name === first ? 'takeover' : 'start', step: 0, of: 0, resource: null, released: name === first ? [] : bounds.resources, since: '', error: null,
        },
  }]))
  const zk: ZooKeeperModel = { key: { value: first, version: 1 }, records: [], line: [], guards: bounds.pvc > 0 && !ofPvc.includes(first) ? [first] : [], sync: [], nodes: znodes }
  const nodes = Object.fromEntries(bounds.nodes.map((name): [string, NodeModel] => {
    const holds = name === first ? bounds.resources : []
    if (ofPvc.includes(name)) return [name, { pvc: { doing: 'rest', version: null }, machine: null, pending: null, delays: [], expired: false, holds }]
    const machine: Coordinator = { ...newCoordinator(settingsOf(name, bounds), 1), daemon: 'run', state: name === first ? 'primary' : 'secondary', view: viewOf(zk), held: holds, guard: zk.guards.includes(name) ? 'held' : 'none' }
    return [name, { pvc: null, machine, pending: null, delays: [], expired: false, holds }]
  }))
  const { requests, blindWrites, crashes, expiries, failures, shutdowns, hasty, stale, unfenced, readings } = bounds
  return { zk, nodes, api: null, reader: null, budget: { requests, blindWrites, crashes, expiries, failures, shutdowns, hasty, stale, unfenced, readings } }
}
