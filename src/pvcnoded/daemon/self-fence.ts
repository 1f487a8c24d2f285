/** The last resort of a node that cannot release what it holds: it ends itself. Without a command for that, an operator has to be told. */
import type { CommandRunner } from '../../runtime/process/command.ts'
import { failureOf } from '../../runtime/process/command-report.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { NodeConfig } from '../config/node-config.ts'

/** Milliseconds that the command may take; it is not expected to come back. */
const PATIENCE = 60_000

export async function selfFence ({ selfFence: argv }: Pick<NodeConfig, 'selfFence'>, why: string, { commands, log }: { readonly commands: CommandRunner, readonly log: Logger }): Promise<void> {
  if (argv === undefined) return log.error({ why }, `${why}, and no self_fence is configured: mend what the lines before this one name, or make certain that this machine is down before another node takes over`)
  // Begun before anything is said of it.
  const running = commands.run({ argv, timeout: PATIENCE })
  log.fatal({ why }, `${why.replace(/\.$/, '')}: running self_fence`)
  const failure = failureOf(await running, PATIENCE)
  if (failure === null) log.fatal('self_fence has run')
  else log.fatal({ failure }, `self_fence ${failure}`)
}
