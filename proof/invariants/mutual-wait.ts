/** Nodes that wait for each other: no state of the search is wrong by itself, but nothing short of the bound leads on. */
import { quiet } from '../explore/events.ts'
import type { World } from '../explore/model.ts'

/** The node that holds the primary lock and waits for its peers to release, once nothing else can happen; null if there is none. */
function waitingTaker (world: World): string | null {
  const [taker] = world.zk.line
  const activity = world.nodes[taker ?? '']?.machine?.activity
  return taker !== undefined && activity?.kind === 'procedure' && activity.procedure.steps[0].do === 'await_release' && quiet(world, []) ? taker : null
}

/** What is wrong with a wait in this world; null if nothing is. */
export function mutualWait (world: World): string | null {
  const taker = waitingTaker(world)
  if (taker === null) return null
  if (Object.values(world.nodes).some(({ pvc }) => pvc?.doing === 'lock')) return 'a taker and a PVC node wait for each other'
  // No node releases for a taker that the key does not name; the node that keeps the role needs the lock.
  return world.zk.key.value !== taker ? 'a taker that the key does not name keeps the lock' : null
}
