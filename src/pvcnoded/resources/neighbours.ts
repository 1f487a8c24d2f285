/**
 * What the other machines on a link know of an address: asks whether any of them has it, and announces that this machine has it, with frames of its own
 * (`libexec/neighbour`), so that it makes no difference which `arping` is installed, or whether any is.
 *
 * Guarantees: what is wrong while the address is held is told when it is first seen and when it is over. Only `probe` and `ready` take time; announcements, and questions about an address that is held, hold nothing up, and `silence`
 * ends them. At most one round of them runs at a time.
 */
import { join } from 'node:path'
import type { Timer } from '../../runtime/clock.ts'
import type { ConcernCode } from '../../core/model/resource-states.ts'
import type { CommandOutcome } from '../../runtime/process/command.ts'
import { failureOf } from '../../runtime/process/command-report.ts'
import { packageFolder } from '../../runtime/process/package-folder.ts'
import { AttemptFault, quoted, type Attempt, type AttemptTools } from './attempt.ts'
import { StandingCommand } from './standing-command.ts'

/** Milliseconds that a machine which has the address already is given to say so. */
const PROBE = 250
/** Milliseconds after the acquisition: a peer that has just confirmed its old entry ignores announcements for a second. */
const ANNOUNCEMENTS = [0, 200, 600, 1_200, 2_500]
/** The announcement after which the link is asked: not the first, while the resources after this one are waited for. */
const ASK_AFTER = 2
/** Milliseconds after which an announcement, or a question that nothing waits for, is ended. */
const PATIENCE = 1_000
/** What the program exits with if another machine has the address, and if this user may not open a raw socket. */
const CLAIMED = 1
const NOT_ALLOWED = 3

const program = (...words: readonly string[]) => ['perl', '-w', join(packageFolder(), 'libexec', 'neighbour'), ...words]

/** The announcements and questions that follow one acquisition or check. */
interface Round {
  readonly stop: AbortController
  timers: readonly Timer[]
  readonly running: Set<Promise<void>>
  left: number
}

export class Neighbours {
  readonly #resource: string
  readonly #address: string
  readonly #tools: AttemptTools
  #round: Round | null = null
  /** What is wrong at present, so that it is told once. */
  readonly #concerns = new Map<ConcernCode, string>()
  /** Why the last announcement could not be sent, and why the last question could not be asked. */
  #unsent: string | null = null
  #unasked: string | null = null

  /** @param resource its name */
  constructor (resource: string, address: string, tools: AttemptTools) {
    this.#resource = resource
    this.#address = address
    this.#tools = tools
  }

  /** Throws an `AttemptFault` if another machine on the link has the address, or if that cannot be found out. */
  async probe (attempt: Attempt, device: string): Promise<void> {
    const { code, stdout, stderr } = await attempt.run(...program('probe', device, this.#address, String(PROBE)))
    if (code === CLAIMED) throw new AttemptFault(`failed: another machine on ${device} (${stdout.trim()}) answers for ${this.#address}`)
    if (code !== 0) throw new AttemptFault(`failed: the network of ${device} could not be asked for ${this.#address}${quoted(stderr)}`)
  }

  /** Throws an `AttemptFault` if this machine could not ask and announce, or if the device takes no address of this family. */
  async ready (attempt: Attempt, device: string, isOtherUser: boolean): Promise<void> {
    const { code, stderr } = await attempt.run(...program('ready', device, this.#address))
    if (code === 0 || (code === NOT_ALLOWED && isOtherUser)) return
    throw new AttemptFault(`failed: ${this.#address} could not be announced on ${device}${quoted(stderr)}`)
  }

  /** Starts the program of the first announcement, which waits for it. */
  standBy (device: string): StandingCommand {
    return new StandingCommand(program('announce', device, this.#address, '-'), this.#tools)
  }

  /**
   * Several times, the first as soon as this machine has the address, and asks once whether another machine has it; waits for nothing.
   * @param standing of `standBy`, for this device
   */
  async announce (device: string, standing?: StandingCommand): Promise<void> {
    await this.silence()
    this.#begin(ANNOUNCEMENTS.map((delay, index) => [delay, async (signal) => {
      await this.#announceOnce(device, signal, index === 0 ? standing : undefined)
      if (index === ASK_AFTER) await this.#askOnce(device, signal)
    }]))
  }

  /** Asks and announces once; waits for nothing. Nothing while an earlier round lasts. */
  remind (device: string): void {
    if (this.#round !== null) return
    // The machine that answers is believed by others from then on, unless an announcement follows.
    this.#begin([[0, async (signal) => {
      await this.#askOnce(device, signal)
      await this.#announceOnce(device, signal)
    }]])
  }

  /** Resolves once nothing is sent any more. */
  async silence (): Promise<void> {
    const round = this.#round
    this.#round = null
    if (round === null) return
    for (const timer of round.timers) timer[Symbol.dispose]()
    round.stop.abort()
    await Promise.all(round.running)
  }

  /** The address is no longer held: resolves once nothing is sent any more, and nothing is a concern. */
  async forget (): Promise<void> {
    await this.silence()
    this.#unsent = this.#unasked = null
    for (const code of this.#concerns.keys()) this.#tools.onConcern?.(this.#resource, code, null)
    this.#concerns.clear()
  }

  #begin (parts: ReadonlyArray<readonly [delay: number, work: (signal: AbortSignal) => Promise<void>]>): void {
    const round: Round = { stop: new AbortController(), timers: [], running: new Set(), left: parts.length }
    this.#round = round
    const begin = (work: (signal: AbortSignal) => Promise<void>): void => {
      const run = work(round.stop.signal)
      round.running.add(run)
      void run.then(() => {
        round.running.delete(run)
        if (--round.left === 0 && this.#round === round) this.#round = null
      })
    }
    // The first at once, before the program that adds the address: of the two it takes longer to start.
    for (const [delay, work] of parts) if (delay === 0) begin(work)
    round.timers = parts.filter(([delay]) => delay > 0).map(([delay, work]) => this.#tools.clock.after(delay, () => { begin(work) }))
  }

  async #announceOnce (device: string, signal: AbortSignal, standing?: StandingCommand): Promise<void> {
    const outcome = standing === undefined ? await this.#run(program('announce', device, this.#address), signal) : await standing.run('', { timeout: PATIENCE, signal })
    if (outcome.kind === 'aborted') return
    const failure = failureOf(outcome, PATIENCE)
    this.#unsent = failure === null ? null : `${this.#address} could not be announced on ${device}: perl ${failure}`
    this.#tell('address_unannounced', this.#unsent ?? this.#unasked)
  }

  async #askOnce (device: string, signal: AbortSignal): Promise<void> {
    const outcome = await this.#run(program('probe', device, this.#address, String(PROBE)), signal)
    if (outcome.kind === 'aborted') return
    const isClaimed = outcome.kind === 'exited' && outcome.code === CLAIMED
    const failure = isClaimed ? null : failureOf(outcome, PATIENCE)
    // A question that failed says nothing of the other machine.
    if (failure === null) this.#tell('address_duplicate', isClaimed ? `another machine on ${device} (${outcome.stdout.trim()}) has ${this.#address} too; remove it there` : null)
    this.#unasked = failure === null ? null : `the network of ${device} could not be asked for ${this.#address}: perl ${failure}`
    this.#tell('address_unannounced', this.#unsent ?? this.#unasked)
  }

  async #run (argv: readonly string[], signal: AbortSignal): Promise<CommandOutcome> {
    if (signal.aborted) return { kind: 'aborted' }
    return await this.#tools.commands.run({ argv, timeout: PATIENCE, signal, env: { LC_ALL: 'C' }, killStragglers: true })
  }

  /** @param message null: it is not so */
  #tell (code: ConcernCode, message: string | null): void {
    if ((this.#concerns.get(code) ?? null) === message) return
    const { log, onConcern } = this.#tools
    const fields = { resource: this.#resource, address: this.#address, concern: code }
    if (message === null) {
      log?.info(fields, overs[code](this.#address))
      this.#concerns.delete(code)
    } else {
      log?.warn(fields, message)
      this.#concerns.set(code, message)
    }
    onConcern?.(this.#resource, code, message)
  }
}

/** What is said when that is over. */
const overs: Readonly<Record<ConcernCode, (address: string) => string>> = {
  address_duplicate: (address) => `no other machine is known to have ${address} any more`,
  address_unannounced: (address) => `${address} can be announced again`,
}
