/** What must hold in every world, and what a world looks like in which everything has come to rest as it should. */
import { isRepeated } from '../../src/core/switchover/rewrites.ts'
import { isComplete } from '../../src/core/switchover/completion.ts'
import type { ClusterSnapshot } from '../../src/core/coordinator/coordinator-state.ts'
import { isOpen, type SwitchoverRecord } from '../../src/core/model/record.ts'
import { pictureOf, type World } from '../explore/model.ts'

const contends: ReadonlySet<string> = new Set<SwitchoverRecord['cause']>(['contention', 'repair', 'fence'])

/** The invariant that `world` breaks, in words; null if it keeps them all. */
export function violation (world: World, before: World): string | null {
  const holders = Object.entries(world.nodes).filter(([, node]) => node.holds.length > 0)
  for (const [name, node] of holders) {
    const other = holders.find(([peer, held]) => peer !== name && held.holds.some((resource) => node.holds.includes(resource)))
    if (other !== undefined) return 'a resource is held by two nodes'
  }
  const view = pictureOf(world.zk)
  for (const record of view.records) {
    const earlier = before.zk.records.find((stored) => stored.record.epoch === record.epoch)?.record
    if (earlier === undefined) continue
    if (earlier.outcome !== null && earlier.outcome !== record.outcome) return 'a record was closed twice'
    if (earlier.to !== record.to || earlier.cause !== record.cause) return 'an epoch was given to two switchovers'
    const wasComplete = before.reader?.epoch === record.epoch && before.reader.complete
    if (earlier.outcome === null && record.outcome === 'succeeded' && record.to !== null && !wasComplete && !isCompleteNow(record, view)) return 'succeeded without the completion rule'
  }
  for (const { epoch, to, cause } of view.records) {
    if (before.zk.records.some(({ record }) => record.epoch === epoch) || to === null || !contends.has(cause)) continue
    if (world.zk.nodes[to]?.priority === 0 && before.zk.nodes[to]?.state === 'secondary') return 'a node of priority 0 has contended'
  }
  if (world.zk.key.version < before.zk.key.version) return 'an epoch fell'
  for (const [name, znodes] of Object.entries(world.zk.nodes)) {
    // A PVC node writes `takeover` first, and then waits for the lock.
    if (znodes.pvc) continue
    const entered = znodes.state === 'takeover' && before.zk.nodes[name]?.state !== 'takeover'
    // What an earlier life has left behind says nothing until this one has written its own state.
    const takesOver = znodes.state === 'takeover' && znodes.present && znodes.daemonState !== 'init'
    if ((entered || takesOver) && world.zk.line[0] !== name) return 'a takeover without the primary lock'
  }
  return null
}

/** At its own epoch, or at one that has only repeated the key since. */
export const isCompleteNow = ({ epoch, to }: Pick<SwitchoverRecord, 'epoch' | 'to'>, view: ClusterSnapshot): boolean =>
  to !== null && isRepeated({ epoch, to }, view.key.version, view.key.value, view.records.map((other) => other.epoch)) && isComplete(view, view.key.version, to)

/** One primary that holds everything, or no node that could be; nothing in progress, no record open that could be closed. */
export function isSettled (world: World): boolean {
  const { zk } = world
  const primary = zk.nodes[zk.key.value]
  const node = world.nodes[zk.key.value]
  const machine = node?.machine
  const atRest = node?.pvc != null ? node.pvc.doing === 'rest' && node.holds.length > 0 : machine != null && machine.activity.kind === 'idle' && machine.held.length > 0
  return primary?.state === 'primary' && primary.daemonState === 'run' && atRest &&
    isComplete(pictureOf(zk), zk.key.version, zk.key.value) &&
    !zk.records.some(({ record }) => isOpen(record) && record.epoch === zk.key.version)
}
