/**
 * A PVC node in the model: what it does of itself, one step at a time, over the znodes it shares with ours. It writes `takeover` first, then joins the line
 * for the lock of the key, and waits for that as long as it takes; it passes phase A once no primary of ours is in front of it, and acquires once the line of the
 * sync lock is empty. That a PVC primary queues up within phase A is a matter of time (it lasts a second, the transition delay half of one) and is taken for granted.
 * A PVC node that releases waits for every writer in the line.
 * After a release the node does not look at the key again until that changes. For a free key it contends once: where others are in the line it hears of no
 * release, stays for its time, and has lost.
 */
import { joinLine, leaveLine, written } from './operations.ts'
import type { NodeModel, PvcNode, World } from './model.ts'

const changed = (world: World, name: string, node: NodeModel, pvc: PvcNode, change: Partial<NodeModel> = {}): World =>
  ({ ...world, nodes: { ...world.nodes, [name]: { ...node, ...change, pvc } } })

const entered = (world: World, name: string, state: 'takeover' | 'primary' | 'relinquish' | 'secondary'): World => ({ ...world, zk: written(world.zk, name, { state }) })

/** A primary of ours is in front of it, or one of PVC's has not queued up. */
const isAwaited = ({ zk }: World, name: string) => zk.guards.length > 0 || Object.entries(zk.nodes).some(([other, { state, pvc }]) => other !== name && pvc && state === 'primary')

export interface PvcStep {
  readonly label: string
  readonly world: World
}

/** What the node does next; null while it waits for others. */
export function pvcStep (world: World, name: string, resources: readonly string[]): PvcStep | null {
  const node = world.nodes[name]
  const pvc = node?.pvc
  if (node === undefined || pvc == null) return null
  const { zk } = world
  const rest: PvcNode = { doing: 'rest', version: null }
  switch (pvc.doing) {
    case 'rest': return atRest(world, name, node, pvc)
    case 'contend': {
      if (zk.line[0] !== name) return null
      const key = zk.key.value === 'none' ? { value: name, version: zk.key.version + 1 } : zk.key
      return { label: `${name} (PVC) contends`, world: changed({ ...world, zk: leaveLine({ ...zk, key }, name) }, name, node, rest) }
    }
    case 'misses': return { label: `${name} (PVC) gives up`, world: changed({ ...world, zk: leaveLine(zk, name) }, name, node, { ...rest, version: pvc.version }) }
    case 'takes_over': return { label: `${name} (PVC) joins the line`, world: changed({ ...world, zk: joinLine(zk, name) }, name, node, { ...rest, doing: 'lock' }) }
    case 'lock': return zk.line[0] !== name ? null : { label: `${name} (PVC) has the lock`, world: changed(world, name, node, { ...rest, doing: 'phase_a' }) }
    case 'phase_a': return isAwaited(world, name) ? null : { label: `${name} (PVC) passes phase A`, world: changed(world, name, node, { ...rest, doing: 'phase_b' }) }
    case 'phase_b': return zk.sync.length > 0 ? null : { label: `${name} (PVC) acquires`, world: changed(world, name, node, { ...rest, doing: 'settle' }, { holds: resources }) }
    case 'settle': return { label: `${name} (PVC) is primary`, world: changed({ ...world, zk: leaveLine(written(zk, name, { state: 'primary' }), name) }, name, node, rest) }
    case 'release': return zk.guards.length + zk.sync.length > 0 ? null : { label: `${name} (PVC) releases`, world: changed(world, name, node, { ...rest, doing: 'leave' }, { holds: [] }) }
    case 'leave': return { label: `${name} (PVC) is secondary`, world: changed(entered(world, name, 'secondary'), name, node, { doing: 'rest', version: zk.key.version }) }
  }
}

function atRest (world: World, name: string, node: NodeModel, pvc: PvcNode): PvcStep | null {
  const { zk } = world
  const { value, version } = zk.key
  const state = zk.nodes[name]?.state
  if (pvc.version === version) return null
  if (state === 'primary') return value === name ? null : { label: `${name} (PVC) relinquishes`, world: changed(entered(world, name, 'relinquish'), name, node, { doing: 'release', version: null }) }
  if (value === name) return { label: `${name} (PVC) begins a takeover`, world: changed(entered(world, name, 'takeover'), name, node, { doing: 'takes_over', version: null }) }
  if (value !== 'none') return null
  const contends: PvcNode = zk.line.length === 0 ? { doing: 'contend', version: null } : { doing: 'misses', version }
  return { label: `${name} (PVC) queues up for the free key`, world: changed({ ...world, zk: joinLine(zk, name) }, name, node, contends) }
}
