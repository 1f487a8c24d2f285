/** Fences with an external command: exit 0 within its time is a confirmed fence, and nothing else is. */
import type { CommandRunner } from '../../runtime/process/command.ts'
import { failureOf } from '../../runtime/process/command-report.ts'
import type { FencingAgent, FencingProbe, FencingResult, FencingTarget } from './agent.ts'

export interface CommandAgentConfig {
  /** `{node}` in an argument stands for the name of the node. */
  readonly command: readonly string[]
  /** Finds out whether `command` would work; undefined: only its program is looked for. */
  readonly probe?: readonly string[] | undefined
  /** Milliseconds. */
  readonly timeout: number
}

export function commandAgent ({ command, probe, timeout }: CommandAgentConfig, commands: CommandRunner): FencingAgent {
  const run = async (argv: readonly string[], action: 'fence' | 'probe', { node, epoch }: FencingTarget, signal: AbortSignal) => failureOf(await commands.run({
    argv: argv.map((argument) => argument.replaceAll('{node}', node)),
    env: { PVC_NODE: node, PVC_ACTION: action, ...(epoch === null ? {} : { PVC_EPOCH: String(epoch) }) },
    timeout,
    signal,
    killStragglers: true,
  }), timeout)
  return {
    method: 'command',
    async fence (target, signal): Promise<FencingResult> {
      const failure = await run(command, 'fence', target, signal)
      return failure === null ? { confirmed: true, message: 'The fencing command confirmed it.' } : { confirmed: false, message: `The fencing command ${failure}.` }
    },
    async probe (target, signal): Promise<FencingProbe> {
      const [program = ''] = command
      const obstacle = await commands.obstacleTo?.(program) ?? null
      if (obstacle !== null) return { works: false, message: `The fencing command cannot be started: ${program} ${obstacle}.` }
      if (probe === undefined) return { works: true, message: 'The fencing command can be started.' }
      const failure = await run(probe, 'probe', target, signal)
      return failure === null ? { works: true, message: 'The probe command exited with 0.' } : { works: false, message: `The probe command ${failure}.` }
    },
  }
}
