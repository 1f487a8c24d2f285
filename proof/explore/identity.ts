/**
 * When two worlds are the same world: their texts are equal after everything has been left out, renamed or moved that no decision rests on.
 *
 * Folded away: the numbers of operations and delays, what only people read, epochs that no node can meet any more, how many epochs have gone
 * by before, and which node has which name. Every folding keeps all that can still happen: the machines compare epochs with one another and with
 * nothing else, and no name means anything to them.
 */
import { hash } from 'node:crypto'
import type { Coordinator } from '../../src/core/coordinator/coordinator-state.ts'
import { isOpen, type SwitchoverRecord } from '../../src/core/model/record.ts'
import type { NodeModel, World, ZooKeeperModel } from './model.ts'
import { withoutStory } from './operations.ts'

/** The world as it is kept: each purpose has one number for its operations and delays, and what can never matter again is gone. */
export function canonical (world: World, before: World | null): World {
  const nodes = Object.fromEntries(Object.entries(world.nodes).map(([name, node]) => [name, node === before?.nodes[name] ? node : canonicalNode(node)]))
  return { ...world, zk: withoutOldRecords(world.zk, nodes), nodes: withoutOldKeys(nodes, world.zk.key.version) }
}

function canonicalNode (node: NodeModel): NodeModel {
  const { machine } = node
  if (machine === null) return node
  const ids = new Map<number, number>()
  const name = (id: number, as: number) => { ids.set(id, as); return as }
  const { activity, timers } = machine
  const numbered: Coordinator = {
    ...withoutOldEpochs(machine),
    activity: 'id' in activity && activity.id !== null ? { ...activity, id: name(activity.id, 1) } : activity,
    timers: {
      idle: timers.idle === null ? null : { ...timers.idle, id: name(timers.idle.id, 2) },
      bound: timers.bound === null ? null : name(timers.bound, 3),
      backoff: timers.backoff === null ? null : name(timers.backoff, 4),
      handover: timers.handover === null ? null : name(timers.handover, 5),
    },
    failures: Math.min(machine.failures, 1),
    nextId: 10,
  }
  return {
    ...node,
    machine: numbered,
    pending: node.pending === null ? null : { ...node.pending, id: ids.get(node.pending.id) ?? 9 },
    // A delay that no node waits for any more is as good as over.
    delays: node.delays.flatMap((id) => ids.get(id) ?? []).sort(),
  }
}

/** What a PVC node does not act on any more matters while it is the present key. */
const withoutOldKeys = (nodes: World['nodes'], version: number): World['nodes'] =>
  Object.values(nodes).every(({ pvc }) => pvc === null || pvc.version === null || pvc.version === version)
    ? nodes
    : Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, node.pvc === null || node.pvc.version === version ? node : { ...node, pvc: { ...node.pvc, version: null } }]))

/** The views of a node only ever move on: what is older than its present one is as good as any other old one. */
function withoutOldEpochs (machine: Coordinator): Coordinator {
  const { view, tried, spentEpoch, activity } = machine
  if (view === null) return machine
  const { version } = view.key
  return {
    ...machine,
    tried: tried !== null && tried.seen.version < version ? null : tried,
    // A takeover's own epoch is read from it, however old.
    spentEpoch: activity.kind === 'procedure' ? spentEpoch : Math.max(spentEpoch, version - 1),
  }
}

/** Closed records of epochs before the present one that no open record can go over to, and no machine is still busy with. */
function withoutOldRecords (zk: ZooKeeperModel, nodes: World['nodes']): ZooKeeperModel {
  const busy = Object.values(nodes).flatMap(({ machine }) => machine?.activity.kind === 'procedure' ? [machine.spentEpoch, machine.activity.procedure.epoch ?? machine.spentEpoch] : [])
  const oldest = Math.min(zk.key.version, ...busy, ...zk.records.filter(({ record }) => isOpen(record)).map(({ record }) => record.epoch))
  const records = zk.records.filter(({ record }) => record.epoch >= oldest)
  return records.length === zk.records.length ? zk : { ...zk, records }
}

/** A part of a world: the digest of a text in which every epoch and name is a blank, and what stands in the blanks. */
interface Part {
  readonly text: string
  readonly epochs: readonly number[]
  readonly names: readonly number[]
  /** With its blanks filled, by the shift of the epochs and the number of the renaming: most parts of most worlds are those of others. */
  readonly filled: Map<number, string>
}

const BLANK = /((?:epoch|spentEpoch|continued_by|expectedEpoch|version|mzxid)\\?":\\?"?)(\d+)|hv(\d)/g

const isRecord = (value: object): value is SwitchoverRecord => 'evidence' in value && 'started_at' in value

/** The version of a record counts writes of the record, not of the key. A record that is still to be written is as one that is. */
const apart = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if ('op' in value && 'version' in value && value.op !== 'write_key') return { ...value, version: `own ${String(value.version)}` }
  return isRecord(value) ? { ...value, ...withoutStory(value) } : value
}

const parts = new WeakMap<object, Part>()

const digestOf = (text: string): string => hash('md5', text, 'base64').slice(0, 16)

function partOf (of: object, projection: (of: object) => unknown = (same) => same): Part {
  const known = parts.get(of)
  if (known !== undefined) return known
  const epochs: number[] = []
  const names: number[] = []
  const text = JSON.stringify(projection(of), apart).replace(BLANK, (_, field?: string, epoch?: string, name?: string) => {
    if (field === undefined) names.push(Number(name) - 1)
    else epochs.push(Number(epoch))
    return field ?? '@'
  })
  const part = { text: digestOf(text), epochs, names, filled: new Map<number, string>() }
  parts.set(of, part)
  return part
}

/** More than there are renamings. */
const MOST_RENAMINGS = 1000

/** @param renaming `renaming[i]` is the number that node `hv<i + 1>` gets; `as` is its own number */
function filled (part: Part, shift: number, renaming: readonly number[], as: number): string {
  const at = shift * MOST_RENAMINGS + as
  const known = part.filled.get(at)
  if (known !== undefined) return known
  let { text } = part
  for (const epoch of part.epochs) text += `,${epoch - shift}`
  for (const name of part.names) text += `.${renaming[name]}`
  part.filled.set(at, text)
  return text
}

/** Whether `kinds`, at the places that a renaming gives them, never fall. */
const isInOrder = (kinds: readonly string[], renaming: readonly number[]): boolean =>
  kinds.every((kind, at) => kinds.every((other, otherAt) => (renaming[at] ?? 0) > (renaming[otherAt] ?? 0) || kind <= other))

const permutations = (items: readonly number[]): number[][] =>
  items.length === 0 ? [[]] : items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))

const keyOf = (zk: object) => {
  const { key, line, guards, sync, records } = zk as ZooKeeperModel
  return { key, line, guards, sync, records: records.map(({ record, version }) => [record, `own ${version}`]) }
}

/** The view is shared by many, and its members are listed by name: it has a text of its own. */
const machineOf = (node: object) => {
  const { machine, ...rest } = node as NodeModel
  return { ...rest, machine: machine === null ? null : { ...machine, view: null, settings: null } }
}
const viewKeyOf = (view: object) => ({ ...view, members: null })

const none = {}

export class Identities {
  readonly #renamings: readonly (readonly number[])[]
  readonly #names: readonly string[]

  constructor (names: readonly string[]) {
    this.#names = names
    this.#renamings = permutations(names.map((_, index) => index))
  }

  /** Equal for two worlds if, and (but for a collision of digests) only if, the same can happen in both. */
  of (world: World): string {
    const common = [partOf(world.zk, keyOf), partOf(world.api ?? none), partOf(world.reader ?? none)]
    const nodes = this.#names.map((name) => this.#partsOfNode(world, name))
    let shift = Infinity
    for (const part of [...common, ...nodes.flatMap(({ own, view }) => [...own, ...view])]) for (const epoch of part.epochs) shift = Math.min(shift, epoch)
    // What a node is like but for names: no renaming changes it, so that only those need to be tried which put the nodes in its order.
    const kinds = nodes.map(({ own }) => own.map(({ text }) => text).join())
    let first = ''
    for (const [as, renaming] of this.#renamings.entries()) {
      if (!isInOrder(kinds, renaming)) continue
      const list: string[] = []
      const text = (part: Part) => filled(part, shift, renaming, as)
      nodes.forEach(({ own, view }, at) => { list[renaming[at] ?? 0] = `${own.map(text).join(' ')}:${view.map(text).sort().join(' ')}` })
      const whole = `${common.map(text).join(' ')}|${list.join('|')}`
      if (first === '' || whole < first) first = whole
    }
    return digestOf(`${first}|${Object.values(world.budget).join(',')}`)
  }

  #partsOfNode (world: World, name: string): { own: readonly Part[], view: readonly Part[] } {
    const node = world.nodes[name]
    const znodes = world.zk.nodes[name]
    if (node === undefined || znodes === undefined) return { own: [], view: [] }
    const view = node.machine?.view ?? null
    return {
      own: [partOf(znodes), partOf(node, machineOf)],
      view: view === null ? [] : [partOf(view, viewKeyOf), ...view.members.map((member) => partOf(member))],
    }
  }
}
