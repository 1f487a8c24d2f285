/** A systemd unit that runs on the primary alone: started and stopped, and waited for until it is active, or no longer is. */
import { Attempt, attempted, AttemptFault, quoted, type AttemptTools } from './attempt.ts'
import type { Action, AttemptContext, AttemptResult, Resource } from './resource.ts'

export interface SystemdUnitConfig {
  readonly type: 'systemd-unit'
  readonly name: string
  readonly unit: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
}

/** Milliseconds between two looks at a unit that is on its way. */
const LOOK = 100
/** What `systemctl is-active` says of a unit of which nothing runs. */
const AT_REST = ['inactive', 'failed', 'unknown']
const ON_ITS_WAY = ['activating', 'reloading', 'refreshing']

export class SystemdUnit implements Resource {
  readonly name: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
  readonly #unit: string
  readonly #tools: AttemptTools

  constructor (config: SystemdUnitConfig, tools: AttemptTools) {
    this.name = config.name
    this.acquireTimeout = config.acquireTimeout
    this.releaseTimeout = config.releaseTimeout
    this.retries = config.retries
    this.checkInterval = config.checkInterval
    this.#unit = config.unit
    this.#tools = tools
  }

  async attempt (action: Action, { signal }: AttemptContext): Promise<AttemptResult> {
    const attempt = new Attempt(this.#tools, { acquire: this.acquireTimeout, release: this.releaseTimeout, check: this.checkInterval }[action], signal)
    return await attempted(action, this.name, async () => { await this[action](attempt) })
  }

  async acquire (attempt: Attempt): Promise<void> {
    await attempt.must('systemctl', 'start', '--', this.#unit)
    for (;;) {
      const state = await this.#state(attempt)
      if (state === 'active') return
      if (!ON_ITS_WAY.includes(state)) throw new AttemptFault(`failed: ${this.#unit} is ${state}`)
      await attempt.pause(LOOK)
    }
  }

  async release (attempt: Attempt): Promise<void> {
    const { code, stderr } = await attempt.run('systemctl', 'stop', '--', this.#unit)
    for (;;) {
      const state = await this.#state(attempt)
      if (AT_REST.includes(state)) return
      if (code !== 0) throw new AttemptFault(`failed: systemctl stop exited with ${code}${quoted(stderr)}`)
      await attempt.pause(LOOK)
    }
  }

  async check (attempt: Attempt): Promise<void> {
    const state = await this.#state(attempt)
    if (state !== 'active' && state !== 'reloading') throw new AttemptFault(`failed: ${this.#unit} is ${state}`)
  }

  /** Its exit code says the same as its word, but for units that do not exist. */
  async #state (attempt: Attempt): Promise<string> {
    const { stdout, stderr } = await attempt.run('systemctl', 'is-active', '--', this.#unit)
    const word = stdout.trim()
    if (word === '') throw new AttemptFault(`failed: systemctl does not say how ${this.#unit} is${quoted(stderr)}`)
    return word
  }
}
