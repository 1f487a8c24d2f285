/**
 * Takes every resource away from this machine on the strength of the configuration alone: for when a daemon has died, whatever it held. Needs no
 * ZooKeeper. Must run only while the node's daemon does not.
 */
import type { Clock } from '../runtime/clock.ts'
import type { CommandRunner } from '../runtime/process/command.ts'
import type { Logger } from '../runtime/log/log.ts'
import type { NodeConfig } from './config/node-config.ts'
import { createResource } from './resources/create.ts'
import { attemptAll } from './resources/resource.ts'
import { selfFence } from './daemon/self-fence.ts'

export interface ReleaseTools {
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly log: Logger
}

/** In plain reverse order: no taker waits for a resource here, as in a handover. One that cannot be released does not keep the others; the last resort is `self_fence`. True if all are released. */
export async function releaseEverything (config: NodeConfig, { clock, commands, log }: ReleaseTools): Promise<boolean> {
  const failed: string[] = []
  for (const entry of config.resources.toReversed()) {
    const resource = createResource(entry, config.node, { commands, clock, log })
    const result = await attemptAll(resource, 'release', { epoch: null, signal: new AbortController().signal })
    if (result.kind === 'done') {
      log.info({ resource: resource.name }, `${resource.name} is released`)
      continue
    }
    failed.push(resource.name)
    log.error({ resource: resource.name }, result.kind === 'failed' ? `${result.failure.message} Mend what is named, then run pvcnoded --release again.` : `the release of ${resource.name} was stopped`)
  }
  if (failed.length === 0) return true
  await selfFence(config, `not released: ${failed.join(', ')}`, { commands, log })
  return false
}
