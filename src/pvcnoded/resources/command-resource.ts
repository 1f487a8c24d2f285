/**
 * A resource that external commands acquire and release. A command that does not end in time is killed with its whole process group and
 * reaped before the attempt counts as failed, so nothing of it continues unseen.
 */
import type { CommandRunner } from '../../runtime/process/command.ts'
import { failureOf } from '../../runtime/process/command-report.ts'
import type { CommandResourceConfig } from '../config/node-config.ts'
import type { Action, AttemptContext, AttemptResult, Resource } from './resource.ts'

/** Milliseconds that a command has to end by itself once it is not wanted any more. */
const GRACE = 2_000

export class CommandResource implements Resource {
  readonly name: string
  readonly identity: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number | null
  readonly #config: CommandResourceConfig
  readonly #node: string
  readonly #commands: CommandRunner

  constructor (config: CommandResourceConfig, node: string, commands: CommandRunner) {
    this.name = config.name
    // Its commands may differ from host to host.
    this.identity = `${config.type} ${config.name}`
    this.acquireTimeout = config.acquireTimeout
    this.releaseTimeout = config.releaseTimeout
    this.retries = config.retries
    this.checkInterval = config.check === undefined ? null : config.checkInterval
    this.#config = config
    this.#node = node
    this.#commands = commands
  }

  async attempt (action: Action, { epoch, signal, urgent }: AttemptContext): Promise<AttemptResult> {
    const missing = action === 'ready' ? await this.#missing() : null
    if (missing !== null) return { kind: 'failed', failure: { code: 'ready_failed', resource: this.name, message: missing } }
    const argv = this.#config[action]
    if (argv === undefined) return { kind: 'done' }
    const timeout = { acquire: this.acquireTimeout, release: this.releaseTimeout, check: this.#config.checkInterval, ready: this.#config.checkInterval }[action]
    const outcome = await this.#commands.run({
      argv,
      env: {
        PVC_NODE: this.#node,
        PVC_RESOURCE: this.name,
        PVC_ACTION: action,
        ...(epoch === null ? {} : { PVC_EPOCH: String(epoch) }),
      },
      timeout,
      signal,
      grace: GRACE,
      ...(urgent === undefined ? {} : { urgent }),
    })
    if (outcome.kind === 'aborted') return { kind: 'aborted' }
    const failure = failureOf(outcome, timeout)
    if (failure === null) return { kind: 'done' }
    return {
      kind: 'failed',
      failure: { code: `${action}_failed`, resource: this.name, message: `The ${action === 'ready' ? 'readiness' : action} command of ${this.name} ${failure}.` },
    }
  }

  /** Every program of this resource that could not be started, in a sentence each. */
  async #missing (): Promise<string | null> {
    const sentences = await Promise.all((['acquire', 'release', 'check', 'ready'] as const).map(async (action) => {
      const program = this.#config[action]?.[0]
      const obstacle = program === undefined ? null : await this.#commands.obstacleTo?.(program) ?? null
      return obstacle === null ? [] : [`The ${action} command of ${this.name} cannot be started: ${program} ${obstacle}.`]
    }))
    return sentences.flat().join(' ') || null
  }
}
