/** Fences with an external command: exit 0 within its time is a confirmed fence, and nothing else is. */
import type { CommandRunner } from '../../runtime/command.ts'
import { failureOf } from '../../runtime/command-report.ts'
import type { FencingAgent, FencingResult } from './agent.ts'

export interface CommandAgentConfig {
  /** `{node}` in an argument stands for the name of the node. */
  readonly command: readonly string[]
  /** Milliseconds. */
  readonly timeout: number
}

export function commandAgent ({ command, timeout }: CommandAgentConfig, commands: CommandRunner): FencingAgent {
  return {
    method: 'command',
    async fence ({ node, epoch }, signal): Promise<FencingResult> {
      const outcome = await commands.run({
        argv: command.map((argument) => argument.replaceAll('{node}', node)),
        env: { PVC_NODE: node, PVC_ACTION: 'fence', ...(epoch === null ? {} : { PVC_EPOCH: String(epoch) }) },
        timeout,
        signal,
        killStragglers: true,
      })
      const failure = failureOf(outcome, timeout)
      return failure === null ? { confirmed: true, message: 'The fencing command confirmed it.' } : { confirmed: false, message: `The fencing command ${failure}.` }
    },
  }
}
