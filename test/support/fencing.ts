/** Clusters whose nodes fence one another with a command that the test can see and disturb. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Cluster, type ClusterOptions } from '../../scripts/support/cluster.ts'
import { quick, watch, type Watcher } from './cluster.ts'

export interface FencedCluster {
  readonly made: Cluster
  readonly watcher: Watcher
  /** Every run of the fencing command: `node epoch`, with what was made of it. */
  readonly fences: () => readonly string[]
}

/**
 * The command takes from a node what it holds, as a power switch would. A file `fence-fails` (empty) in the cluster's folder makes it fail,
 * `fence-hangs` makes it hang until that file is gone.
 */
export async function fencedCluster (t: Test, nodes: readonly string[], options: Partial<ClusterOptions> = {}, fencing: Readonly<Record<string, unknown>> = {}): Promise<FencedCluster> {
  const made = new Cluster({ nodes, ...quick, ...options, system: (folder) => ({ fencing: { method: 'command', command: ['sh', join(folder, 'fence.sh'), '{node}'], saving_throws: 2, saving_interval: 0.3, ...fencing } }) })
  writeFileSync(join(made.folder, 'fence.sh'), `cd ${made.folder}
if [ -e fence-fails ] && [ ! -s fence-fails ]; then echo "$1 $PVC_EPOCH fails" >> fences; exit 1; fi
if [ -e fence-hangs ]; then echo "$1 $PVC_EPOCH hangs" >> fences; while [ -e fence-hangs ]; do sleep 0.1; done; fi
for holder in *.holder; do [ ! -e "$holder" ] || [ "$(cat "$holder")" != "$1" ] || rm -f "$holder"; done
echo "$1 $PVC_EPOCH" >> fences
`)
  t.teardown(async () => await made.close())
  await made.start()
  return { made, watcher: await watch(t, made), fences: () => made.notes('fences') }
}
