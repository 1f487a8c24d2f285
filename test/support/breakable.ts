/** Clusters whose resource `service` can be broken on a node: acquiring or releasing it fails there with exit 3, and that is noted with its time. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Static } from 'typebox'
import type { HistoryEntry } from '../../schemas/switchover.ts'
import type { Cluster, ClusterOptions } from '../../tools/testbed/cluster.ts'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { askApi } from './api-client.ts'

/** Each resource is tried twice. */
export const breakable: Pick<ClusterOptions, 'resourceSettings'> = {
  resourceSettings (folder) {
    const script = join(folder, 'breakable.sh')
    writeFileSync(script, `cd ${folder}
if [ "$PVC_RESOURCE" = service ] && [ "$(cat "broken-$PVC_NODE" 2> /dev/null)" = "$PVC_ACTION" ]; then date +%s.%N >> "attempts-$PVC_NODE"; exit 3; fi
exec sh ${join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh')} ${folder}
`)
    return { acquire: ['sh', script], release: ['sh', script], retries: 1 }
  },
}

export const breakOn = (made: Cluster, node: string, action: 'acquire' | 'release' = 'acquire') => { writeFileSync(join(made.folder, `broken-${node}`), action) }

export const mendOn = (made: Cluster, node: string) => { rmSync(join(made.folder, `broken-${node}`)) }

/** When `node` tried without success, in seconds of the wall clock. */
export const attemptsOf = (made: Cluster, node: string): readonly number[] => made.notes(`attempts-${node}`).map(Number)

/** The history as the API at `base` serves it. */
export const historyOf = async (base: string, query = '') =>
  (await askApi<ReadonlyArray<Static<typeof HistoryEntry>>>(`${base}/api/v1/switchover${query}`)).body
