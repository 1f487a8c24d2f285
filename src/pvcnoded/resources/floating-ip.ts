/**
 * An address that the primary alone has on one of its network devices.
 *
 * Before it is added, the link is asked whether another machine has it (RFC 5227 for IPv4, RFC 4862 for IPv6, both shortened), unless the former
 * holder has just published that it had it and has released it. That is safe, because a taker acquires only after every peer has released the address,
 * asked or not: the question is the failsafe against machines outside of the cluster, and the former holder was itself the only one on the link until a
 * moment ago. Then it is added at once, and the device is looked at afterwards. After a failover nothing is known, and the link is asked. While the
 * address is held, it is announced and the link is asked again at each check; another machine that has it is published as a concern until it
 * is gone.
 * An IPv6 address is added without the kernel's own duplicate detection, which would keep it unusable for a second, and is never chosen as a source
 * address. The address on the device is one thing whatever its prefix and label and by whichever name the device goes; a device that is down or has no
 * carrier holds nothing. A release removes no other address, and is done only when no device of this machine has this one, by whichever name its device
 * goes by then; a loopback device may have it all the same, as real servers behind a load balancer do.
 * Does not guarantee anything about routes and connections that used the address.
 */
import { isIPv6 } from 'node:net'
import { Attempt, attempted, AttemptFault, type AttemptTools } from './attempt.ts'
import { cidrOf, DeviceAddresses, entriesOf } from './device-addresses.ts'
import type { Device, Entry } from './device-list.ts'
import { canonical } from './floating-addresses.ts'
import { Neighbours } from './neighbours.ts'
import type { Action, AttemptContext, AttemptResult, Resource } from './resource.ts'
import type { StandingCommand } from './standing-command.ts'

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

/** Programs that wait for the acquisition. */
interface Standing {
  readonly device: string
  readonly adds: StandingCommand
  readonly announces: StandingCommand
}

export class FloatingIp implements Resource {
  readonly name: string
  readonly identity: string
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  readonly retries: number
  readonly checkInterval: number
  readonly #config: FloatingIpConfig
  readonly #tools: AttemptTools
  readonly #addresses: DeviceAddresses
  readonly #neighbours: Neighbours
  /** The device, as it was when this node was last found ready; null before. */
  #device: Pick<Device, 'ifname' | 'ifindex'> | null = null
  #standing: Standing | null = null
  /** See `AttemptTools.placed`. */
  readonly #placed: Map<string, number>

  constructor (config: FloatingIpConfig, tools: AttemptTools) {
    this.name = config.name
    this.identity = canonical(config.address)
    this.acquireTimeout = config.acquireTimeout
    this.releaseTimeout = config.releaseTimeout
    this.retries = config.retries
    this.checkInterval = config.checkInterval
    this.#config = config
    this.#tools = tools
    this.#placed = tools.placed ?? new Map()
    this.#addresses = new DeviceAddresses(config.device, tools)
    this.#neighbours = new Neighbours(config.name, config.address, tools)
  }

  standBy (): void {
    if (this.#device === null || (this.#standing !== null && !isOver(this.#standing))) return
    const { ifname } = this.#device
    void this.standDown()
    this.#standing = { device: ifname, adds: this.#addresses.standBy(), announces: this.#neighbours.standBy(ifname) }
  }

  async standDown (): Promise<void> {
    const standing = this.#standing
    this.#standing = null
    if (standing !== null) await Promise.all([standing.adds.drop(), standing.announces.drop()])
  }

  async attempt (action: Action, context: AttemptContext): Promise<AttemptResult> {
    const attempt = new Attempt(this.#tools, { acquire: this.acquireTimeout, release: this.releaseTimeout, check: this.checkInterval, ready: this.checkInterval }[action], context.signal)
    return await attempted(action, this.name, this.#tools, async () => await this[action](attempt, context))
  }

  async acquire (attempt: Attempt, { handedOver = false }: AttemptContext): Promise<void> {
    if (handedOver && await this.#takeAtOnce(attempt)) return
    const found = await this.#reachable(attempt)
    // Before the link is asked: the other device may be on the same one.
    await this.#leave(attempt, found)
    // It being here already, left over or added by hand, does not say that no other machine has it.
    if (!handedOver) await this.#neighbours.probe(attempt, found.ifname)
    const wrong = this.#own(found).filter((entry) => !this.#isRight(entry))
    this.#sayPrefixes(found, wrong)
    await this.#addresses.remove(attempt, found, wrong)
    const failure = await this.#add(attempt, found)
    if (failure !== null) throw new AttemptFault(`failed: ${failure}`)
  }

  /** Clients wait: what would be looked at first is looked at afterwards. If it is not as it has to be, the address is removed again, and the answer is false. */
  async #takeAtOnce (attempt: Attempt): Promise<boolean> {
    if (this.#device === null || await this.#add(attempt, this.#device) !== null) return false
    const found = await this.#addresses.look(attempt)
    const isGood = found?.ifindex === this.#device.ifindex && whyUnreachable(found) === null && this.#own(found).every((entry) => this.#isRight(entry))
    if (isGood) return true
    await this.#neighbours.silence()
    if (found !== null) await this.#addresses.remove(attempt, found, this.#own(found).filter((entry) => this.#isRight(entry)))
    return false
  }

  /** Resolves with why not, null if it is done. */
  async #add (attempt: Attempt, { ifname, ifindex }: Pick<Device, 'ifname' | 'ifindex'>): Promise<string | null> {
    this.#placed.set(this.#config.address, ifindex)
    const standing = await this.#takeStanding(ifname)
    // The program that announces the address begins beside the one that adds it, and waits for it.
    await this.#neighbours.announce(ifname, standing?.announces)
    let failure: string | null = 'it was stopped'
    try {
      failure = await this.#addresses.put(attempt, this.#cidr, isIPv6(this.#config.address) ? ['nodad', 'preferred_lft', '0'] : [], standing?.adds)
    } finally {
      if (failure !== null) await this.#neighbours.silence()
    }
    return failure
  }

  /** The programs that stand by for this device, for one use; null if there are none, or they have waited too long. */
  async #takeStanding (device: string): Promise<Standing | null> {
    const standing = this.#standing
    if (standing === null || standing.device !== device || isOver(standing)) {
      await this.standDown()
      return null
    }
    this.#standing = null
    return standing
  }

  /** The configured name may be another device's by now: it is nowhere else once it is there. */
  async #leave (attempt: Attempt, found: Device): Promise<void> {
    const { address, device } = this.#config
    if ((this.#placed.get(address) ?? found.ifindex) === found.ifindex) return
    for (const { ifname } of (await this.#addresses.having(attempt, address)).filter((each) => this.#isPlace(each))) {
      const former = await this.#addresses.look(attempt, ifname)
      if (former === null) continue
      this.#warn(former, `${device} is ${found.ifname} now; removing ${address} from ${ifname}, where this daemon had added it`)
      await this.#addresses.remove(attempt, former, this.#own(former))
    }
    const left = (await this.#addresses.having(attempt, address)).find((each) => this.#isPlace(each))
    if (left !== undefined) throw new AttemptFault(`failed: ${left.ifname} still has ${address}, and ${device} is ${found.ifname} now`)
  }

  async release (attempt: Attempt, { epoch }: AttemptContext): Promise<void | 'absent'> {
    await Promise.all([this.#neighbours.forget(), this.standDown()])
    const { address, device } = this.#config
    // Clients wait: both questions are asked at once, although the first has nearly always the answer.
    const [configured, having] = await Promise.all([this.#addresses.look(attempt), this.#addresses.having(attempt, address)])
    const holders = having.filter((each) => isOwn(each, configured) || this.#isPlace(each))
    let wasReachable = false
    for (const { ifname } of holders) {
      const found = ifname === configured?.ifname ? configured : await this.#addresses.look(attempt, ifname)
      if (found === null) continue
      const own = this.#own(found)
      if (ifname !== configured?.ifname) this.#warn(found, `${ifname} has ${own.map(cidrOf).join(', ')}, which is configured for ${device}; removing it`)
      else if (epoch === null && !this.#isPlace(found)) this.#warn(found, `${ifname} has ${own.map(cidrOf).join(', ')}, left over or added by hand; removing it`)
      else this.#sayPrefixes(found, own)
      // It is looked at again only where the kernel has not acknowledged the removal.
      if (!await this.#addresses.remove(attempt, found, own)) await this.#assertGone(attempt)
      wasReachable ||= !own.every(isUnusable) && whyUnreachable(found) === null
    }
    this.#placed.delete(address)
    // Where no machine could reach it, another one may have taken it meanwhile.
    if (!wasReachable) return 'absent'
  }

  async #assertGone (attempt: Attempt): Promise<void> {
    const { address } = this.#config
    const configured = await this.#addresses.look(attempt)
    const [left] = (await this.#addresses.having(attempt, address)).filter((each) => isOwn(each, configured) || this.#isPlace(each))
    if (left !== undefined) throw new AttemptFault(`failed: ${left.ifname} still has ${address}`)
  }

  /** This daemon has put the address on this device. */
  #isPlace ({ ifindex }: Device): boolean { return this.#placed.get(this.#config.address) === ifindex }

  /** As the end of a sentence, with the device that has the address instead. */
  async #whyAbsent (attempt: Attempt, found: Device | null): Promise<string> {
    const { address, device } = this.#config
    const elsewhere = (await this.#addresses.having(attempt, address)).filter((each) => each.ifindex !== found?.ifindex && (isOwn(each, found) || this.#isPlace(each)))
    const here = found === null || found.ifname === device ? `${device} does not have ${address}` : `${device} is ${found.ifname} now, which does not have ${address}`
    return elsewhere.length === 0 ? here : `${found === null ? `there is no device ${device}` : here}; it is on ${elsewhere.map(({ ifname }) => ifname).join(', ')}`
  }

  async check (attempt: Attempt): Promise<void> {
    const { address, device } = this.#config
    const found = await this.#addresses.look(attempt)
    const own = found === null ? [] : this.#own(found)
    if (found === null || own.length === 0) throw new AttemptFault(`failed: ${await this.#whyAbsent(attempt, found)}`)
    assertReachable(found, device)
    if (own.every(isUnusable)) throw new AttemptFault(`failed: ${address} on ${device} cannot be used: the kernel has not ended its own duplicate detection, or has found one`)
    this.#neighbours.remind(found.ifname)
  }

  async ready (attempt: Attempt, { daemonBeside = false }: AttemptContext): Promise<void> {
    const { address } = this.#config
    const found = await this.#reachable(attempt)
    this.#device = found
    if (daemonBeside && found.flags.includes('LOOPBACK')) throw new AttemptFault(`failed: ${found.ifname} is a loopback device, on which no other machine can reach ${address}`)
    if (await this.#addresses.isWithoutPorts(attempt, found)) throw new AttemptFault(`failed: ${found.ifname} is a ${found.linkinfo?.info_kind} without a port that has a carrier: no other machine can reach ${address} there`)
    await this.#neighbours.ready(attempt, found.ifname, daemonBeside)
    if (daemonBeside) return
    for (const device of await this.#addresses.having(attempt, address)) {
      const [left] = entriesOf(device, address)
      if (left === undefined || !isOwn(device, found)) continue
      throw new AttemptFault(`failed: ${device.ifname} has ${cidrOf(left)}, although this node does not hold it; remove it with ip address del`)
    }
  }

  /** The devices that have the address, each with its entry, and which a release would remove it from. Empty where that cannot be found out. */
  async present (signal: AbortSignal): Promise<ReadonlyArray<{ readonly device: string, readonly cidr: string }>> {
    const found: Array<{ readonly device: string, readonly cidr: string }> = []
    await attempted('check', this.name, this.#tools, async () => {
      const attempt = new Attempt(this.#tools, this.checkInterval, signal)
      const configured = await this.#addresses.look(attempt)
      for (const device of await this.#addresses.having(attempt, this.#config.address)) {
        if (isOwn(device, configured)) found.push(...this.#own(device).map((entry) => ({ device: device.ifname, cidr: cidrOf(entry) })))
      }
    })
    return found
  }

  get #cidr () { return `${this.#config.address}/${this.#config.prefix}` }

  async #reachable (attempt: Attempt): Promise<Device> {
    const { device } = this.#config
    const found = await this.#addresses.look(attempt)
    if (found === null) throw new AttemptFault(`failed: there is no device ${device}`)
    assertReachable(found, device)
    return found
  }

  #own (device: Device): readonly Entry[] { return entriesOf(device, this.#config.address) }

  #isRight (entry: Entry): boolean { return entry.prefixlen === this.#config.prefix && !isUnusable(entry) }

  #sayPrefixes (device: Device, entries: readonly Entry[]): void {
    for (const entry of entries) if (entry.prefixlen !== this.#config.prefix) this.#warn(device, `${device.ifname} had ${cidrOf(entry)}, not /${this.#config.prefix}; removing it`)
  }

  #warn ({ ifname }: Device, message: string): void {
    this.#tools.log?.warn({ resource: this.name, device: ifname }, message)
  }
}

const isOver = ({ adds, announces }: Standing): boolean => adds.isOver || announces.isOver

/** Real servers behind a load balancer have its address on their loopback device, which is not ours to remove. */
const isOwn = (device: Device, configured: Device | null): boolean => device.ifname === configured?.ifname || !device.flags.includes('LOOPBACK')

/** The kernel's own duplicate detection has not ended, or has found one. */
const isUnusable = ({ tentative, dadfailed }: Entry): boolean => tentative === true || dadfailed === true

/** Why no machine can reach an address of the device; null if it can be reached. */
function whyUnreachable ({ flags, master, linkinfo }: Device): string | null {
  if (!flags.includes('UP')) return 'is down'
  if (!flags.includes('LOWER_UP')) return 'has no carrier'
  // What comes in at a port of a bridge or bond goes to that; a VRF is no obstacle.
  return master === undefined || linkinfo?.info_slave_kind === 'vrf' ? null : `is a port of ${master}, which takes its packets; the address belongs on ${master}`
}

function assertReachable (found: Device, device: string): void {
  const why = whyUnreachable(found)
  if (why !== null) throw new AttemptFault(`failed: ${device} ${why}`)
}
