/**
 * An address that the primary alone has on one of its network devices, through iproute2.
 *
 * Before it is added, the link is asked whether another machine has it (RFC 5227 for IPv4, RFC 4862 for IPv6, both shortened), unless the former
 * holder has just published that it released it: nobody else can have it then, because each holder was itself the only one. It is then announced
 * several times, and again at each check. An IPv6 address is added without the kernel's own duplicate detection, which would keep it unusable for
 * a second, and is never chosen as a source address. The address on the device is one thing whatever its prefix and label and by whichever name the
 * device goes; a device that is down or has no carrier holds nothing. A release removes no other address.
 * Does not guarantee anything about routes and connections that used the address.
 */
import { isIPv6 } from 'node:net'
import { canonical } from '../floating-addresses.ts'
import { Attempt, attempted, AttemptFault, quoted, type AttemptTools } from './attempt.ts'
import { Neighbours } from './neighbours.ts'
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

/** Milliseconds for a command that puts something right, whatever the attempt has come to. */
const MENDING = 5_000

export class FloatingIp implements Resource {
  readonly name: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
  readonly #config: FloatingIpConfig
  readonly #tools: AttemptTools
  readonly #neighbours: Neighbours

  constructor (config: FloatingIpConfig, tools: AttemptTools) {
    this.name = config.name
    this.acquireTimeout = config.acquireTimeout
    this.releaseTimeout = config.releaseTimeout
    this.retries = config.retries
    this.checkInterval = config.checkInterval
    this.#config = config
    this.#tools = tools
    this.#neighbours = new Neighbours(config.address, tools)
  }

  async attempt (action: Action, { signal, handedOver = false }: AttemptContext): Promise<AttemptResult> {
    const attempt = new Attempt(this.#tools, { acquire: this.acquireTimeout, release: this.releaseTimeout, check: this.checkInterval, ready: this.checkInterval }[action], signal)
    return await attempted(action, this.name, async () => { await this[action](attempt, handedOver) })
  }

  async acquire (attempt: Attempt, handedOver: boolean): Promise<void> {
    const { address, prefix, device } = this.#config
    const found = await this.#look(attempt)
    if (found === null) throw new AttemptFault(`failed: there is no device ${device}`)
    reachable(found, device)
    const held = this.#own(found)
    if (!held.some(({ prefixlen }) => prefixlen === prefix)) {
      if (held.length === 0 && !handedOver) await this.#neighbours.probe(attempt, found.ifname)
      await this.#remove(attempt, found)
      await attempt.must('ip', 'address', 'add', this.#cidr, 'dev', device, ...this.#v6 ? ['nodad', 'preferred_lft', '0'] : [])
    }
    // Clients wait for this; that it is there is looked at meanwhile.
    await this.#neighbours.announce(found.ifname)
    if (!await this.#has(attempt)) throw new AttemptFault(`failed: ${device} does not have ${address} although it was added`)
  }

  async release (attempt: Attempt): Promise<void> {
    await this.#neighbours.silence()
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
    this.#neighbours.remind(found.ifname)
  }

  async ready (attempt: Attempt): Promise<void> {
    const { device } = this.#config
    const found = await this.#look(attempt)
    if (found === null) throw new AttemptFault(`failed: there is no device ${device}`)
    reachable(found, device)
    const [left] = this.#own(found)
    if (left !== undefined) throw new AttemptFault(`failed: ${device} has ${left.local}/${left.prefixlen}, although this node does not hold it; remove it with ip address del`)
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
   * one, it is told for that moment to keep them; what it has removed all the same is put back.
   */
  async #remove (attempt: Attempt, device: Device): Promise<void> {
    const own = this.#own(device)
    if (own.length === 0) return
    const others = device.addr_info.filter((entry) => !own.includes(entry))
    const setting = `net/ipv4/conf/${device.ifname}/promote_secondaries`
    const endangers = own.some(({ family, secondary }) => family === 'inet' && secondary !== true) && others.some(({ secondary }) => secondary === true)
    const lent = endangers && (await attempt.run('sysctl', '-n', setting)).stdout.trim() === '0'
    if (lent) await attempt.run('sysctl', '-q', '-w', `${setting}=1`)
    try {
      for (const { local = '', prefixlen } of own) {
        if (prefixlen !== this.#config.prefix) this.#tools.log?.warn({ resource: this.name, device: device.ifname }, `${device.ifname} had ${local}/${prefixlen}, not /${this.#config.prefix}; removing it`)
        await attempt.run('ip', 'address', 'del', `${local}/${prefixlen}`, 'dev', device.ifname)
      }
    } finally {
      // Whatever ended the attempt, neither the setting nor the host's own addresses stay changed.
      if (lent) await this.#anyway('sysctl', '-q', '-w', `${setting}=0`)
      if (endangers) await this.#putBack(others, device.ifname)
    }
  }

  async #putBack (others: readonly Entry[], ifname: string): Promise<void> {
    const { stdout } = await this.#anyway('ip', '-json', 'address', 'show', 'dev', ifname)
    const [there] = JSON.parse(stdout === '' ? '[]' : stdout) as ReadonlyArray<Partial<Device>>
    for (const { family, local = '', prefixlen, label, broadcast, scope } of others) {
      if (family !== 'inet' || there?.addr_info?.some((entry) => entry.local === local && entry.prefixlen === prefixlen) === true) continue
      this.#tools.log?.warn({ resource: this.name, device: ifname }, `the kernel removed ${local}/${prefixlen} together with ${this.#config.address}; putting it back`)
      await this.#anyway('ip', 'address', 'add', `${local}/${prefixlen}`, 'dev', ifname, ...label === undefined ? [] : ['label', label], ...broadcast === undefined ? [] : ['broadcast', broadcast], ...scope === undefined ? [] : ['scope', scope])
    }
  }

  /** Runs a command that has to be run even if the attempt was aborted. */
  async #anyway (...argv: string[]): Promise<{ readonly stdout: string }> {
    const outcome = await this.#tools.commands.run({ argv, timeout: MENDING, env: { LC_ALL: 'C' }, killStragglers: true })
    return { stdout: outcome.kind === 'exited' ? outcome.stdout : '' }
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
  readonly label?: string
  readonly broadcast?: string
  readonly scope?: string
}

/** Throws an `AttemptFault` where nobody can reach an address of the device. */
function reachable ({ flags }: Device, device: string): void {
  if (!flags.includes('UP')) throw new AttemptFault(`failed: ${device} is down`)
  if (!flags.includes('LOWER_UP')) throw new AttemptFault(`failed: ${device} has no carrier`)
}
