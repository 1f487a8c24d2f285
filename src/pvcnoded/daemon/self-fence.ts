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

/** At most one run of `self_fence` at a time, and what is released beside it. */
export class SelfFencing {
  readonly #run: (why: string) => Promise<void>
  #running: Promise<void> | null = null

  constructor (config: Pick<NodeConfig, 'selfFence'>, tools: Parameters<typeof selfFence>[2]) {
    this.#run = async (why) => await selfFence(config, why, tools)
  }

  start (why: string): void {
    this.#running ??= this.#run(why).finally(() => { this.#running = null })
  }

  /**
   * Resolves once the node is no longer ending itself; at once if it is not. Meanwhile it tries to release what is left. That is safe in any order: a release
   * only takes away, and nothing is acquired any more.
   */
  async over (release: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#running === null) return
    const ended = new AbortController()
    const releasing = release(ended.signal)
    await this.#running
    ended.abort()
    await releasing
  }
}
