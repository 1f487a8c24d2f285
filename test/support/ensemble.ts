/** An ensemble that ends with the test, with a follower that can be cut off from its leader while its clients keep talking to it. */
import type { Test } from 'tap'
import { ZooKeeperEnsemble } from '../../tools/testbed/ensemble.ts'
import type { ZooKeeperServer } from '../../tools/testbed/zookeeper-server.ts'

export interface Ensemble {
  readonly leader: ZooKeeperServer
  readonly follower: ZooKeeperServer
  /** The follower hears nothing of the others any more, nor they of it: it answers reads from what it has. */
  cutOff (): void
  heal (): void
}

export async function ensemble (t: Test): Promise<Ensemble> {
  const made = await ZooKeeperEnsemble.start()
  t.teardown(async () => await made.remove())
  return { leader: await made.leader(), follower: made.servers[2], cutOff: () => made.cutOff(), heal: () => made.heal() }
}
