/**
 * An address that the primary alone has on one of its network devices, through iproute2.
 *
 * An IPv4 address is acquired only if nobody answers for it in a short probe (RFC 5227, shortened: the peers have let go before, this is the
 * failsafe), and is then announced with several gratuitous ARPs, the first at once. An IPv6 address is added
 * without duplicate detection, which would keep it unusable for a second; nothing announces it but the kernel, if `ndisc_notify` is set.
 * Does not guarantee anything about routes and connections that used the address.
 */
import { isIPv6 } from 'node:net'
import type { Timer } from '../../runtime/clock.ts'
import { Attempt, attempted, AttemptFault, quoted, type AttemptTools } from './attempt.ts'
import type { Action, AttemptContext, AttemptResult, Resource } from './resource.ts'

export interface FloatingIpConfig {
  readonly type: 'floating-ip'
  readonly name: string
  /** Without the prefix length. */
  readonly address: string
  readonly prefix: number
  readonly device: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
}

/** Milliseconds that somebody who has the address already is given to say so. */
const PROBE = 250
/** Milliseconds after the acquisition: a peer that has just confirmed its old entry ignores announcements for a second. */
const ANNOUNCEMENTS = [0, 200, 600, 1_200, 2_500]
/** Milliseconds after which an announcement is ended: `arping` goes on listening after it has sent. */
const ANNOUNCEMENT = 400

export class FloatingIp implements Resource {
  readonly name: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
  readonly #config: FloatingIpConfig
  readonly #tools: AttemptTools
  /** Ends the announcements; resolves once none is under way. */
  #silence: () => Promise<void> = async () => {}

  constructor (config: FloatingIpConfig, tools: AttemptTools) {
    this.name = config.name
    this.acquireTimeout = config.acquireTimeout
    this.releaseTimeout = config.releaseTimeout
    this.retries = config.retries
    this.checkInterval = config.checkInterval
    this.#config = config
    this.#tools = tools
  }

  async attempt (action: Action, { signal }: AttemptContext): Promise<AttemptResult> {
    const attempt = new Attempt(this.#tools, { acquire: this.acquireTimeout, release: this.releaseTimeout, check: this.checkInterval }[action], signal)
    return await attempted(action, this.name, async () => { await this[action](attempt) })
  }

  async acquire (attempt: Attempt): Promise<void> {
    const { address, device } = this.#config
    if (!await this.#has(attempt)) {
      if (!this.#v6) await this.#probe(attempt)
      await attempt.must('ip', 'address', 'add', this.#cidr, 'dev', device, ...this.#v6 ? ['nodad'] : [])
      if (!await this.#has(attempt)) throw new AttemptFault(`failed: ${device} does not have ${address} although it was added`)
    }
    await this.#silence()
    if (!this.#v6) this.#silence = this.#announce()
  }

  async release (attempt: Attempt): Promise<void> {
    await this.#silence()
    if (!await this.#has(attempt)) return
    await attempt.run('ip', 'address', 'del', this.#cidr, 'dev', this.#config.device)
    if (await this.#has(attempt)) throw new AttemptFault(`failed: ${this.#config.device} still has ${this.#config.address}`)
  }

  async check (attempt: Attempt): Promise<void> {
    if (!await this.#has(attempt)) throw new AttemptFault(`failed: ${this.#config.device} does not have ${this.#config.address}`)
  }

  get #v6 () { return isIPv6(this.#config.address) }
  get #cidr () { return `${this.#config.address}/${this.#config.prefix}` }

  /** Whether the device has the address. A device that does not exist has none. */
  async #has (attempt: Attempt): Promise<boolean> {
    const { code, stdout, stderr } = await attempt.run('ip', '-json', 'address', 'show', 'to', this.#config.address)
    if (code !== 0) throw new AttemptFault(`failed: ip address show exited with ${code}${quoted(stderr)}`)
    return devicesOf(stdout).includes(this.#config.device)
  }

  async #probe (attempt: Attempt): Promise<void> {
    const { address, device } = this.#config
    const answer = await attempt.briefly(PROBE, 'arping', '-q', '-D', '-c', '2', '-I', device, address)
    if (answer === null || answer.code === 0) return
    throw new AttemptFault(answer.code === 1 && answer.stderr === ''
      ? `failed: another machine on ${device} answers for ${address}`
      : `failed: arping on ${device} exited with ${answer.code}${quoted(answer.stderr)}`)
  }

  #announce (): () => Promise<void> {
    const { clock, commands } = this.#tools
    const { address, device } = this.#config
    const argv = ['arping', '-q', '-A', '-c', '1', '-I', device, address]
    const stop = new AbortController()
    const underWay = new Set<Promise<unknown>>()
    const timers = ANNOUNCEMENTS.map((delay): Timer => clock.after(delay, () => {
      const run = commands.run({ argv, timeout: ANNOUNCEMENT, signal: stop.signal, killStragglers: true })
      underWay.add(run)
      void run.then(() => underWay.delete(run))
    }))
    return async () => {
      for (const timer of timers) timer[Symbol.dispose]()
      stop.abort()
      await Promise.all(underWay)
    }
  }
}

/** The devices in the JSON that `ip address show` prints. */
function devicesOf (json: string): readonly string[] {
  const list = JSON.parse(json === '' ? '[]' : json) as ReadonlyArray<{ readonly ifname?: string }>
  return list.flatMap((entry) => entry.ifname ?? [])
}
