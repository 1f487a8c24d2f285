/**
 * A command that is started early and waits for a line on its stdin, so that clients do not wait for its start. Without the line it does nothing. It ends when
 * it is dropped, when it has waited for `LONGEST`, or with this process, which closes its stdin.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { CommandOutcome, CommandRunner } from '../../runtime/process/command.ts'

/** Milliseconds for which a command waits: longer than peers need to release. */
const LONGEST = 20_000

export class StandingCommand {
  readonly argv: readonly string[]
  readonly #clock: Clock
  readonly #outcome: Promise<CommandOutcome>
  readonly #stop = new AbortController()
  #say: (line: string) => void = () => {}
  #isOver = false

  constructor (argv: readonly string[], { clock, commands }: { readonly clock: Clock, readonly commands: CommandRunner }) {
    this.argv = argv
    this.#clock = clock
    const stdin = new Promise<string>((resolve) => { this.#say = resolve })
    this.#outcome = commands.run({ argv, stdin, timeout: LONGEST, signal: this.#stop.signal, env: { LC_ALL: 'C' }, killStragglers: true }).finally(() => { this.#isOver = true })
  }

  /** Whether it waits no more. */
  get isOver (): boolean { return this.#isOver }

  /**
   * Hands it the line that it waits for, and resolves with how it ended.
   * @param timeout milliseconds
   */
  async run (line: string, { timeout, signal }: { readonly timeout: number, readonly signal: AbortSignal }): Promise<CommandOutcome> {
    const stop = () => this.#stop.abort()
    const timer = this.#clock.after(timeout, stop)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    else this.#say(`${line}\n`)
    const outcome = await this.#outcome
    timer[Symbol.dispose]()
    signal.removeEventListener('abort', stop)
    return outcome.kind === 'aborted' && !signal.aborted ? { kind: 'timed_out' } : outcome
  }

  /** Resolves once nothing of it continues. */
  async drop (): Promise<void> {
    this.#stop.abort()
    await this.#outcome
  }
}
