/**
 * An address that the primary alone has on one of its network devices, through iproute2.
 *
 * An IPv4 address is acquired only if nobody answers for it in a short probe (RFC 5227, shortened: the peers have let go before, this is the
 * failsafe), and is then announced with several gratuitous ARPs, the first at once. An IPv6 address is added
 * without duplicate detection, which would keep it unusable for a second, and is never chosen as a source address; nothing announces it but
 * the kernel, if `ndisc_notify` is set. The address on the device is one thing whatever its prefix and label and by whichever name the device
 * goes; a device that is down or has no carrier holds nothing. A release removes no other address.
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
    const { address, prefix, device } = this.#config
    const found = await this.#look(attempt)
    if (found === null) throw new AttemptFault(`failed: there is no device ${device}`)
    reachable(found, device)
    const held = this.#own(found)
    if (!held.some(({ prefixlen }) => prefixlen === prefix)) {
      if (held.length === 0 && !this.#v6) await this.#probe(attempt, found.ifname)
      await this.#remove(attempt, found)
      await attempt.must('ip', 'address', 'add', this.#cidr, 'dev', device, ...this.#v6 ? ['nodad', 'preferred_lft', '0'] : [])
      if (!await this.#has(attempt)) throw new AttemptFault(`failed: ${device} does not have ${address} although it was added`)
    }
    await this.#silence()
    if (!this.#v6) this.#silence = this.#announce(found.ifname)
  }

  async release (attempt: Attempt): Promise<void> {
    await this.#silence()
    const found = await this.#look(attempt)
    if (found === null) return
    await this.#remove(attempt, found)
    if (await this.#has(attempt)) throw new AttemptFault(`failed: ${this.#config.device} still has ${this.#config.address}`)
  }

  async check (attempt: Attempt): Promise<void> {
    const { address, device } = this.#config
    const found = await this.#look(attempt)
    if (found === null || this.#own(found).length === 0) throw new AttemptFault(`failed: ${device} does not have ${address}`)
    reachable(found, device)
  }

  get #v6 () { return isIPv6(this.#config.address) }
  get #cidr () { return `${this.#config.address}/${this.#config.prefix}` }

  /** The device, by whichever of its names; null if there is none. */
  async #look (attempt: Attempt): Promise<Device | null> {
    const { code, stdout, stderr } = await attempt.run('ip', '-json', 'address', 'show', 'dev', this.#config.device)
    if (code !== 0 && /does not exist|Cannot find device/.test(stderr)) return null
    if (code !== 0) throw new AttemptFault(`failed: ip address show exited with ${code}${quoted(stderr)}`)
    const list = JSON.parse(stdout === '' ? '[]' : stdout) as ReadonlyArray<Partial<Device>>
    const found = list.find(({ ifname }) => ifname !== undefined)
    return found?.ifname === undefined ? null : { ifname: found.ifname, flags: found.flags ?? [], addr_info: found.addr_info ?? [] }
  }

  /** Every entry of the address on the device, whatever its prefix and label. */
  #own (device: Device): readonly Entry[] {
    const address = canonical(this.#config.address)
    return device.addr_info.filter(({ local }) => local !== undefined && canonical(local) === address)
  }

  async #has (attempt: Attempt): Promise<boolean> {
    const found = await this.#look(attempt)
    return found !== null && this.#own(found).length > 0
  }

  /**
   * Removes the address with whatever prefix it has. Where the kernel would remove the other addresses of a subnet together with its first
   * one, it is told for that moment to keep them.
   */
  async #remove (attempt: Attempt, device: Device): Promise<void> {
    const own = this.#own(device)
    const setting = `net/ipv4/conf/${device.ifname}/promote_secondaries`
    const endangers = own.some((entry) => entry.family === 'inet' && entry.secondary !== true) && device.addr_info.some((entry) => entry.secondary === true && !own.includes(entry))
    const lent = endangers && (await attempt.must('sysctl', '-n', setting)).trim() === '0'
    if (lent) await attempt.must('sysctl', '-q', '-w', `${setting}=1`)
    for (const { local = '', prefixlen } of own) await attempt.run('ip', 'address', 'del', `${local}/${prefixlen}`, 'dev', device.ifname)
    if (lent) await attempt.must('sysctl', '-q', '-w', `${setting}=0`)
  }

  async #probe (attempt: Attempt, ifname: string): Promise<void> {
    const { address, device } = this.#config
    const answer = await attempt.briefly(PROBE, 'arping', '-q', '-D', '-c', '2', '-I', ifname, address)
    if (answer === null || answer.code === 0) return
    throw new AttemptFault(answer.code === 1 && answer.stderr === ''
      ? `failed: another machine on ${device} answers for ${address}`
      : `failed: arping on ${device} exited with ${answer.code}${quoted(answer.stderr)}`)
  }

  #announce (ifname: string): () => Promise<void> {
    const { clock, commands } = this.#tools
    const { address } = this.#config
    const argv = ['arping', '-q', '-A', '-c', '1', '-I', ifname, address]
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

/** What `ip -json address show` prints of a device and of one of its addresses. */
interface Device {
  readonly ifname: string
  readonly flags: readonly string[]
  readonly addr_info: readonly Entry[]
}

interface Entry {
  readonly family?: string
  readonly local?: string
  readonly prefixlen?: number
  readonly secondary?: boolean
}

function canonical (address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address
}

/** Throws an `AttemptFault` where nobody can reach an address of the device. */
function reachable ({ flags }: Device, device: string): void {
  if (!flags.includes('UP')) throw new AttemptFault(`failed: ${device} is down`)
  if (!flags.includes('LOWER_UP')) throw new AttemptFault(`failed: ${device} has no carrier`)
}
