/** A systemd unit that runs on the primary alone: started and stopped, and waited for until it is active, or no longer is. */
import type { Finding } from '../../runtime/config/yaml-config.ts'
import { Attempt, attempted, AttemptFault, quoted, type AttemptTools } from './attempt.ts'
import type { Action, AttemptContext, AttemptResult, Resource } from './resource.ts'

export interface SystemdUnitConfig {
  readonly type: 'systemd-unit'
  readonly name: string
  readonly unit: string
  /** The units of the resources before it in the configuration. */
  readonly earlierUnits: readonly string[]
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
  readonly identity: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
  readonly #unit: string
  readonly #earlierUnits: readonly string[]
  readonly #tools: AttemptTools

  constructor (config: SystemdUnitConfig, tools: AttemptTools) {
    this.name = config.name
    this.identity = `${config.type} ${config.unit}`
    this.acquireTimeout = config.acquireTimeout
    this.releaseTimeout = config.releaseTimeout
    this.retries = config.retries
    this.checkInterval = config.checkInterval
    this.#unit = config.unit
    this.#earlierUnits = config.earlierUnits
    this.#tools = tools
  }

  async attempt (action: Action, { signal }: AttemptContext): Promise<AttemptResult> {
    const attempt = new Attempt(this.#tools, { acquire: this.acquireTimeout, release: this.releaseTimeout, check: this.checkInterval, ready: this.checkInterval }[action], signal)
    return await attempted(action, this.name, this.#tools, async () => { await this[action](attempt) })
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

  async ready (attempt: Attempt): Promise<void> {
    const [own, ...earlier] = unitsIn(await attempt.must('systemctl', 'show', '--property=Id', '--property=LoadState', '--', this.#unit, ...this.#earlierUnits))
    const state = own?.get('LoadState') ?? 'not known to systemd'
    if (state !== 'loaded') throw new AttemptFault(`failed: ${this.#unit} is ${obstacles.get(state) ?? state}`)
    const same = this.#earlierUnits[earlier.findIndex((unit) => unit.get('Id') === own?.get('Id'))]
    if (same !== undefined) throw new AttemptFault(`failed: ${this.#unit} is the same unit as ${same}, which another resource has: each would stop what the other has started`)
  }

  /** Its exit code says the same as its word, but for units that do not exist. */
  async #state (attempt: Attempt): Promise<string> {
    const { stdout, stderr } = await attempt.run('systemctl', 'is-active', '--', this.#unit)
    const word = stdout.trim()
    if (word === '') throw new AttemptFault(`failed: systemctl does not say how ${this.#unit} is${quoted(stderr)}`)
    return word
  }
}

/** Load state → why a unit in it cannot be started, as the end of a sentence. */
const obstacles: ReadonlyMap<string, string> = new Map([
  ['not-found', 'not installed'],
  ['masked', 'masked, and cannot be started until systemctl unmask'],
  ['bad-setting', 'wrong in its file: systemd-analyze verify names the setting'],
])

/** The output of `systemctl show` for several units: one paragraph each, in the order of the arguments. */
const unitsIn = (text: string): ReadonlyArray<ReadonlyMap<string, string>> =>
  text.trim().split(/\n\n+/).map((paragraph) => new Map(paragraph.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])))

/** Each unit once, and none that is a template only: those are what systemd makes units from. */
export function judgeUnits (path: string, resources: ReadonlyArray<{ readonly type: string, readonly name: string, readonly unit?: string }>): Finding[] {
  const owners = new Map<string, string>()
  return resources.flatMap(({ type, name, unit }, index): Finding[] => {
    if (type !== 'systemd-unit' || unit === undefined) return []
    const at = `${path}[${index}].unit`
    if (/@\.[a-z]+$/.test(unit)) return [{ path: at, message: `${unit} is a template. Name an instance of it, as ${unit.replace('@', '@name')}.` }]
    const owner = owners.get(unit)
    owners.set(unit, owner ?? name)
    return owner === undefined ? [] : [{ path: at, message: `${unit} is the unit of ${owner} already; each unit is one resource.` }]
  })
}
