/**
 * What the other machines on a link know of an address: asks whether anybody has it, and announces that this machine has it, with frames of its own
 * (`libexec/neighbour`), so that it makes no difference which `arping` is installed, or whether any is.
 */
import { join } from 'node:path'
import type { Timer } from '../../runtime/clock.ts'
import { packageFolder } from '../../runtime/package-folder.ts'
import { AttemptFault, quoted, type Attempt, type AttemptTools } from './attempt.ts'

/** Milliseconds that somebody who has the address already is given to say so. */
const PROBE = 250
/** Milliseconds after the acquisition: a peer that has just confirmed its old entry ignores announcements for a second. */
const ANNOUNCEMENTS = [0, 200, 600, 1_200, 2_500]
/** Milliseconds after which an announcement is ended. */
const ANNOUNCEMENT = 1_000

const program = (...words: readonly string[]) => ['perl', join(packageFolder(), 'libexec', 'neighbour'), ...words]

export class Neighbours {
  readonly #address: string
  readonly #tools: AttemptTools
  /** Ends the announcements; resolves once none is running. */
  #silence: () => Promise<void> = async () => {}

  constructor (address: string, tools: AttemptTools) {
    this.#address = address
    this.#tools = tools
  }

  /** Throws an `AttemptFault` if another machine on the link has the address, or if that cannot be found out. */
  async probe (attempt: Attempt, device: string): Promise<void> {
    const { code, stdout, stderr } = await attempt.run(...program('probe', device, this.#address, String(PROBE)))
    if (code === 1) throw new AttemptFault(`failed: another machine on ${device} (${stdout.trim()}) answers for ${this.#address}`)
    if (code !== 0) throw new AttemptFault(`failed: nobody on ${device} could be asked for ${this.#address}${quoted(stderr)}`)
  }

  /** Several times, the first at once; waits for none of them. */
  async announce (device: string): Promise<void> {
    await this.silence()
    this.#announceAt(device, ANNOUNCEMENTS)
  }

  /** Once; waits for nothing. Nothing while the first announcements last. */
  remind (device: string): void {
    if (!this.#busy) this.#announceAt(device, [0])
  }

  async silence (): Promise<void> {
    await this.#silence()
    this.#silence = async () => {}
  }

  #busy = false

  #announceAt (device: string, delays: readonly number[]): void {
    const { clock, commands, log } = this.#tools
    const stop = new AbortController()
    const running = new Set<Promise<unknown>>()
    this.#busy = true
    let left = delays.length
    const timers = delays.map((delay): Timer => clock.after(delay, () => {
      const run = commands.run({ argv: program('announce', device, this.#address), timeout: ANNOUNCEMENT, signal: stop.signal, killStragglers: true })
      running.add(run)
      void run.then((outcome) => {
        running.delete(run)
        if (--left === 0) this.#busy = false
        if (outcome.kind === 'exited' && outcome.code !== 0) log?.warn({ device, address: this.#address }, `${this.#address} could not be announced on ${device}${quoted(outcome.stderr)}`)
      })
    }))
    this.#silence = async () => {
      for (const timer of timers) timer[Symbol.dispose]()
      stop.abort()
      await Promise.all(running)
      this.#busy = false
    }
  }
}
