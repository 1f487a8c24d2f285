/**
 * The domains that a fenced node leaves behind. PVC's fencers start them elsewhere; here a command of the operator's does (`fencing.recover`), told the node
 * and its domains. Without one, or if it fails, they are named in the log and as a fault, because no other program recovers them.
 *
 * Guarantees: one recovery at a time; none is begun after `stop`, and a command in progress is ended with its process group.
 */
import { readDomainsOn } from '../../cluster/nodes/node-domains.ts'
import { namesInWords } from '../../core/model/names-in-words.ts'
import type { FoundFault } from '../../core/pvc/fault.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import { failureOf } from '../../runtime/process/command-report.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'

export interface RecoveryOptions {
  readonly session: Session
  readonly commands: CommandRunner
  readonly log: Logger
  /** Undefined: nothing is run. */
  readonly command: readonly string[] | undefined
  /** Milliseconds. */
  readonly timeout: number
  readonly onFault: (fault: FoundFault) => void
}

export class Recovery {
  readonly #options: RecoveryOptions
  readonly #stopped = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor (options: RecoveryOptions) {
    this.#options = options
  }

  /** After a confirmed fence of `node`. */
  begin (node: string): void {
    this.#running = this.#running.then(async () => await this.#recover(node))
  }

  async stop (): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async #recover (node: string): Promise<void> {
    const { session, commands, log, command, timeout, onFault } = this.#options
    const { signal } = this.#stopped
    if (signal.aborted) return
    try {
      const domains = (await readDomainsOn(session, node)).filter(({ runs }) => runs)
      if (domains.length === 0) return
      const named = namesInWords(domains.map(({ name }) => name))
      if (command === undefined) {
        log.error({ peer: node, domains: domains.length }, `${node} was fenced with domains on it, and no fencing.recover is configured: start them elsewhere by hand: ${named}`)
        return onFault({ kind: 'domains_left', node, detail: named })
      }
      log.warn({ peer: node, domains: domains.length }, `recovering the domains of ${node}: ${named}`)
      const failure = failureOf(await commands.run({
        argv: command.map((argument) => argument.replaceAll('{node}', node)),
        env: { PVC_NODE: node, PVC_ACTION: 'recover', PVC_DOMAINS: domains.map(({ uuid }) => uuid).join(' ') },
        timeout,
        signal,
        killStragglers: true,
      }), timeout)
      if (signal.aborted) return
      if (failure === null) return log.info({ peer: node }, `the domains of ${node} are recovered`)
      log.error({ peer: node, failure }, `the domains of ${node} could not be recovered, start them elsewhere by hand: the command ${failure}. They are ${named}`)
      onFault({ kind: 'domains_left', node, detail: `${named}; the command ${failure}.` })
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      if (!session.over) log.error({ err: error, peer: node }, `which domains ${node} has left behind could not be read; look after them by hand`)
    }
  }
}
