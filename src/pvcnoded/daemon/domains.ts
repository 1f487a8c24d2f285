/**
 * Acknowledges what is asked of this node's domains: `flush` becomes `flushed` and `unflush` becomes `ready` once the command configured for it has
 * exited with 0, or at once where there is none. Level-triggered: whatever was asked for before this life is taken up; another wish stops the command
 * in progress; a command that fails is tried again after growing pauses, and meanwhile the state stays as it was asked for.
 */
import { retryPause } from '../../core/model/fence-record.ts'
import { sureSet } from '../../cluster/certain-write.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import { failureOf } from '../../runtime/process/command-report.ts'
import { pause } from '../../runtime/deadline.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { nodePath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { OwnWatch } from '../watching/own-watch.ts'
import type { Zxid } from '../../zookeeper/client/connection.ts'

export interface DomainsConfig {
  readonly flush: readonly string[] | undefined
  readonly unflush: readonly string[] | undefined
  /** Milliseconds that a command may take. */
  readonly timeout: number
}

export interface DomainsOptions {
  readonly session: Session
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly log: Logger
  readonly config: { readonly node: string, readonly domains: DomainsConfig }
  readonly watch: OwnWatch
}

/** What is asked for → what it is once that is done. */
const wishes = { flush: 'flushed', unflush: 'ready' } as const
type Wish = keyof typeof wishes
const wishOf = (state: string | undefined): Wish | null => state === 'flush' || state === 'unflush' ? state : null

export class Domains {
  readonly #options: DomainsOptions
  readonly #path: string
  readonly #subscription: Disposable
  #running: { readonly written: Zxid | null, readonly stop: AbortController } | null = null
  #done: Promise<void> = Promise.resolve()

  constructor (options: DomainsOptions) {
    this.#options = options
    this.#path = nodePath(options.config.node, 'domainstate')
    this.#subscription = options.watch.onDomainState(() => this.#look())
  }

  /** Stops a command in progress with its process group; resolves once nothing of it continues. */
  async stop (): Promise<void> {
    this.#subscription[Symbol.dispose]()
    this.#running?.stop.abort()
    await this.#done
  }

  #look (): void {
    const found = this.#options.watch.domainState
    const written = found?.written ?? null
    if (this.#running?.written === written) return
    this.#running?.stop.abort()
    const wish = wishOf(found?.data)
    const running = { written, stop: new AbortController() }
    this.#running = running
    if (found === undefined || wish === null) return
    const before = this.#done
    this.#done = before.then(async () => await this.#carryOut(wish, found.version, running.stop.signal))
  }

  async #carryOut (wish: Wish, version: number, signal: AbortSignal): Promise<void> {
    const { clock, log, session } = this.#options
    for (let failures = 0; !signal.aborted; failures++) {
      const failure = await this.#command(wish, signal)
      if (signal.aborted) return
      if (failure === null) {
        const outcome = await sureSet(session, this.#path, wishes[wish], version, { signal })
        if (outcome === 'done') log.info({ domain_state: wishes[wish] }, 'domains: done what was asked for')
        return
      }
      const again = retryPause(failures + 1)
      log.error({ wish, failure, again_in: again / 1000 }, 'domains: the command failed; it will be tried again')
      await pause(clock, again, signal)
    }
  }

  /** Why it is not done; null if it is. */
  async #command (wish: Wish, signal: AbortSignal): Promise<string | null> {
    const { commands, config: { node, domains } } = this.#options
    const argv = domains[wish]
    if (argv === undefined) return null
    const outcome = await commands.run({ argv, env: { PVC_NODE: node, PVC_ACTION: wish }, timeout: domains.timeout, signal })
    const failure = failureOf(outcome, domains.timeout)
    return failure === null ? null : `The ${wish} command ${failure}.`
  }
}
