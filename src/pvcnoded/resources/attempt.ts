/**
 * One attempt that takes several external commands: they share one time-out and one signal, and the first that cannot be done ends it.
 * Whatever ends it, nothing of it continues.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { CommandOutcome, CommandRunner } from '../../runtime/process/command.ts'
import { spoken } from '../../runtime/process/command-report.ts'
import { pause } from '../../runtime/deadline.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { ConcernCode } from '../../core/model/resource-states.ts'
import type { Action, AttemptResult } from './resource.ts'
import type { StandingCommand } from './standing-command.ts'

/** The message is the end of a sentence that begins with the resource's name. */
export class AttemptFault extends Error {
  readonly code = 'attempt_fault'
}

class Aborted extends Error {}

export interface AttemptTools {
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly log?: Pick<Logger, 'warn' | 'info'>
  /** Floating address → the index of the device on which this process has put it, whichever session that was for. */
  readonly placed?: Map<string, number>
  /** Told of what is wrong with a resource that is held all the same, and with null when that is over. */
  readonly onConcern?: (resource: string, code: ConcernCode, message: string | null) => void
}

type Exited = Extract<CommandOutcome, { kind: 'exited' }>

export class Attempt {
  readonly #tools: AttemptTools
  readonly #signal: AbortSignal
  readonly #until: number

  constructor (tools: AttemptTools, timeout: number, signal: AbortSignal) {
    this.#tools = tools
    this.#signal = signal
    this.#until = tools.clock.monotonic() + timeout
  }

  /** Runs a command that has to come to an end in time; how it exited is for the caller to judge. Throws an `AttemptFault`. */
  async run (...argv: string[]): Promise<Exited> {
    return this.#inTime(argv, await this.#run(argv, this.#left()))
  }

  /** As `run`, with a command that stands by for `line`. */
  async resume (standing: StandingCommand, line: string): Promise<Exited> {
    return this.#inTime(standing.argv, this.#exited(standing.argv, await standing.run(line, { timeout: this.#left(), signal: this.#signal })))
  }

  /** Runs a command that has to exit with 0; resolves with its stdout. Throws an `AttemptFault`. */
  async must (...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...argv)
    if (code !== 0) throw new AttemptFault(`failed: ${argv.slice(0, 3).join(' ')} exited with ${code}${quoted(stderr)}`)
    return stdout
  }

  /** Runs a command for at most `milliseconds`, after which it is killed and the answer is null. Throws an `AttemptFault`. */
  async briefly (milliseconds: number, ...argv: string[]): Promise<Exited | null> {
    const ended = await this.#run(argv, Math.min(milliseconds, this.#left()))
    return ended === 'timed_out' ? null : ended
  }

  /** Lets time pass. Throws an `AttemptFault` when that is up. */
  async pause (milliseconds: number): Promise<void> {
    if (this.#left() < milliseconds) throw new AttemptFault('failed: it took too long')
    await pause(this.#tools.clock, milliseconds, this.#signal)
    if (this.#signal.aborted) throw new Aborted()
  }

  #left (): number {
    return Math.max(1, this.#until - this.#tools.clock.monotonic())
  }

  async #run (argv: readonly string[], timeout: number): Promise<Exited | 'timed_out'> {
    return this.#exited(argv, await this.#tools.commands.run({ argv, timeout, signal: this.#signal, env: { LC_ALL: 'C' }, killStragglers: true }))
  }

  #inTime ([program]: readonly string[], ended: Exited | 'timed_out'): Exited {
    if (ended === 'timed_out') throw new AttemptFault(`failed: it took too long, and ${program}, which had not ended, was killed`)
    return ended
  }

  #exited (argv: readonly string[], outcome: CommandOutcome): Exited | 'timed_out' {
    switch (outcome.kind) {
      case 'exited': return outcome
      case 'timed_out': return 'timed_out'
      case 'aborted': throw new Aborted()
      case 'signal': throw new AttemptFault(`failed: ${argv[0]} was ended by ${outcome.signal}${quoted(outcome.stderr)}`)
      case 'failed_to_start': throw new AttemptFault(`failed: ${argv[0]} could not be started: ${outcome.message}`)
    }
  }
}

/** What a command said, as the end of a sentence. */
export function quoted (stderr: string | undefined): string {
  const said = spoken(stderr)
  return said === '' ? '' : `: ${said}`
}

/** What an action is called in a sentence. */
const nameOf = (action: Action): string => action === 'ready' ? 'readiness check' : action

/**
 * What `work` came to, in the words of the coordinator machine. A mistake of this program is a failed attempt like any other: it must not end the daemon, nor
 * keep other resources from being released.
 */
export async function attempted (action: Action, resource: string, { log }: Pick<AttemptTools, 'log'>, work: () => Promise<void | 'absent'>): Promise<AttemptResult> {
  const failed = (why: string): AttemptResult => ({ kind: 'failed', failure: { code: `${action}_failed`, resource, message: `The ${nameOf(action)} of ${resource} ${why}.` } })
  try {
    return await work() === 'absent' ? { kind: 'done', absent: true } : { kind: 'done' }
  } catch (error) {
    if (error instanceof Aborted) return { kind: 'aborted' }
    if (error instanceof AttemptFault) return failed(error.message)
    log?.warn({ err: error, resource }, `unexpected error in the ${nameOf(action)} of ${resource}; please report it`)
    return failed(`failed by an unexpected error: ${error instanceof Error ? error.message : String(error)}`)
  }
}
