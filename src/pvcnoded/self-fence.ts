/** The last resort of a node that cannot let go: it ends itself. Without a command for that, somebody has to be told. */
import type { CommandRunner } from '../runtime/command.ts'
import type { Logger } from '../runtime/log.ts'
import type { NodeConfig } from './config.ts'

/** Milliseconds that the command may take; it is not expected to come back. */
const PATIENCE = 60_000

export async function selfFence ({ selfFence: argv }: Pick<NodeConfig, 'selfFence'>, why: string, { commands, log }: { readonly commands: CommandRunner, readonly log: Logger }): Promise<void> {
  if (argv === undefined) return log.error({ why }, 'a resource could not be released and no self_fence is configured: release it by hand')
  log.fatal({ why }, 'a resource could not be released: running self_fence')
  const outcome = await commands.run({ argv, timeout: PATIENCE })
  log.fatal({ outcome: outcome.kind }, 'self_fence has run')
}
