/** Clusters whose nodes fence one another with a command that the test can see and disturb. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Cluster, type ClusterOptions } from '../../tools/testbed/cluster.ts'
import { quick, watch, type Watcher } from './cluster.ts'

export interface FencedCluster {
  readonly made: Cluster
  readonly watcher: Watcher
  /** Every run of the fencing command: `node epoch`, with what was made of it. */
  readonly fences: () => readonly string[]
  readonly command: (behaviour: Behaviour) => void
}

/** What the fencing command does: as a power switch would, it takes from a node what that holds; or exits with 1; or never ends; or says too late that all is well. */
export type Behaviour = 'works' | 'fails' | 'hangs' | 'is late'

export async function fencedCluster (t: Test, nodes: readonly string[], options: Partial<ClusterOptions> = {}, fencing: Readonly<Record<string, unknown>> = {}): Promise<FencedCluster> {
  const made = new Cluster({ nodes, ...quick, ...options, system: (folder) => ({ fencing: { method: 'command', command: ['sh', join(folder, 'fence.sh'), '{node}'], saving_throws: 2, saving_interval: 0.3, ...fencing } }) })
  const command = (behaviour: Behaviour) => writeFileSync(join(made.folder, 'fence-command'), behaviour)
  command('works')
  writeFileSync(join(made.folder, 'fence.sh'), `cd ${made.folder}
does=$(cat fence-command)
[ "$does" = works ] || echo "$1 $PVC_EPOCH $does" >> fences
case $does in
  fails) exit 1 ;;
  hangs) while [ "$(cat fence-command)" = hangs ]; do sleep 0.1; done ;;
  'is late') trap 'exit 0' TERM; while :; do sleep 0.1; done ;;
esac
for holder in *.holder; do [ ! -e "$holder" ] || [ "$(cat "$holder")" != "$1" ] || rm -f "$holder"; done
echo "$1 $PVC_EPOCH" >> fences
`)
  t.teardown(async () => await made.close())
  await made.start()
  return { made, watcher: await watch(t, made), fences: () => made.notes('fences'), command }
}
