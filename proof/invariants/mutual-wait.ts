/** Nodes of two kinds that wait for each other: no state of the search is wrong by itself, but nothing short of the bound leads on. */
import { quiet } from '../explore/events.ts'
import type { World } from '../explore/model.ts'

/** A taker of ours holds the primary lock and waits for its peers to release, while a PVC node in `takeover` waits for that lock. */
export function isMutualWait (world: World): boolean {
  const activity = world.nodes[world.zk.line[0] ?? '']?.machine?.activity
  if (activity?.kind !== 'procedure' || activity.procedure.steps[0].do !== 'await_release') return false
  return Object.values(world.nodes).some(({ pvc }) => pvc?.doing === 'lock') && quiet(world, [])
}
