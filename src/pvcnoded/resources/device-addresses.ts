/**
 * The addresses of one network device, through iproute2: looked at, added and removed by whichever name the device goes.
 *
 * Guarantees: a removal takes away the entries that it was given and nothing else. Where the kernel would remove the other addresses of a subnet together
 * with its first one, it is told for that moment to keep them; where it cannot be told, they are put back, with the routes of the device in the main table.
 * Neither the setting nor the addresses stay changed when the attempt is aborted half-way.
 */
import type { CommandOutcome } from '../../runtime/process/command.ts'
import { canonical } from './floating-addresses.ts'
import { AttemptFault, quoted, type Attempt, type AttemptTools } from './attempt.ts'
import { devicesIn, type Device, type Entry } from './device-list.ts'
import { StandingCommand } from './standing-command.ts'

/** Kinds of devices that reach others through their ports alone. */
const WITH_PORTS = ['bridge', 'bond', 'team']

/** Milliseconds for a command that puts something right, whatever the attempt has come to. */
const MENDING = 5_000
/** Seconds that stand for no end. */
const FOREVER = 2 ** 32 - 1
/** Aborts nothing. */
const NEVER = new AbortController().signal

export class DeviceAddresses {
  readonly #name: string
  readonly #tools: AttemptTools

  /** @param name any of the device's names */
  constructor (name: string, tools: AttemptTools) {
    this.#name = name
    this.#tools = tools
  }

  /**
   * Null if there is no such device. That says nothing of an address that was added before: the name may have been taken from its device.
   * @param name of another device than this one
   */
  async look (attempt: Attempt, name = this.#name): Promise<Device | null> {
    const { code, stdout, stderr } = await attempt.run('ip', '-json', '-details', 'address', 'show', 'dev', name)
    if (code !== 0 && /does not exist|Cannot find device/.test(stderr)) return null
    if (code !== 0) throw new AttemptFault(`failed: ip address show exited with ${code}${quoted(stderr)}`)
    return devicesIn(stdout)[0] ?? null
  }

  /** Whether it is a bridge, a bond or the like of which no port has a carrier. A bridge that never had a port says itself that it has a carrier. */
  async isWithoutPorts (attempt: Attempt, { ifname, linkinfo }: Device): Promise<boolean> {
    if (!WITH_PORTS.includes(linkinfo?.info_kind ?? '')) return false
    const ports = devicesIn(await attempt.must('ip', '-json', 'link', 'show', 'master', ifname))
    return ports.every(({ flags }) => !flags.includes('LOWER_UP'))
  }

  /** The devices of this machine that have `address`, whatever its prefix. */
  async having (attempt: Attempt, address: string): Promise<readonly Device[]> {
    // Without the filter, the list of a machine with hundreds of devices is longer than the output of a command may be.
    const devices = devicesIn(await attempt.must('ip', '-json', 'address', 'show', 'to', address))
    return devices.filter((device) => entriesOf(device, address).length > 0)
  }

  /** Starts the program that `put` runs, which waits for it. */
  standBy (): StandingCommand {
    return new StandingCommand(['ip', '-batch', '-'], this.#tools)
  }

  /**
   * Adds the address, or gives an entry that is there already these properties. Resolves with why not, null if it is done.
   * @param standing of `standBy`
   */
  async put (attempt: Attempt, cidr: string, properties: readonly string[], standing?: StandingCommand): Promise<string | null> {
    const words = ['address', 'replace', cidr, 'dev', this.#name, ...properties]
    const { code, stderr } = standing === undefined ? await attempt.run('ip', ...words) : await attempt.resume(standing, words.join(' '))
    return code === 0 ? null : `ip address replace exited with ${code}${quoted(stderr)}`
  }

  /** Resolves with whether the kernel has acknowledged each removal; if not, only a look says what is left. */
  async remove (attempt: Attempt, device: Device, entries: readonly Entry[]): Promise<boolean> {
    const { ifname, addr_info: all } = device
    const others = all.filter((entry) => !entries.includes(entry))
    const endangers = entries.some(({ family, secondary }) => family === 'inet' && secondary !== true) && others.some(({ secondary }) => secondary === true)
    if (!endangers) return await this.#delete(attempt, ifname, entries)
    const setting = `net/ipv4/conf/${ifname}/promote_secondaries`
    const was = (await this.#anyway('sysctl', '-n', setting)).trim()
    if (was === '0') return await this.#removeKeeping(attempt, device, entries, setting)
    if (was === '1') return await this.#delete(attempt, ifname, entries)
    return await this.#removePuttingBack(attempt, device, entries)
  }

  /** @param setting by which the kernel keeps the other addresses, now 0 */
  async #removeKeeping (attempt: Attempt, device: Device, entries: readonly Entry[], setting: string): Promise<boolean> {
    // Clients wait: the program that sets it back starts before the address is gone.
    const restores = new StandingCommand(['sysctl', '-q', '-p', '-'], this.#tools)
    try {
      if (!await this.#set(setting, 1)) return await this.#removePuttingBack(attempt, device, entries)
      return await this.#delete(attempt, device.ifname, entries)
    } finally {
      const restored = await restores.run(`${setting} = 0`, { timeout: MENDING, signal: NEVER })
      if (!isDone(restored)) await this.#set(setting, 0)
    }
  }

  async #removePuttingBack (attempt: Attempt, { ifname, addr_info: all }: Device, entries: readonly Entry[]): Promise<boolean> {
    const routes = await this.#routes(ifname)
    try {
      return await this.#delete(attempt, ifname, entries)
    } finally {
      await this.#putBack(ifname, all.filter((entry) => !entries.includes(entry)), routes)
    }
  }

  async #delete (attempt: Attempt, ifname: string, entries: readonly Entry[]): Promise<boolean> {
    let acknowledged = true
    for (const entry of entries) {
      const { code } = await attempt.run('ip', 'address', 'del', ...place(entry), 'dev', ifname)
      acknowledged = acknowledged && code === 0
    }
    return acknowledged
  }

  async #set (setting: string, value: 0 | 1): Promise<boolean> {
    return isDone(await this.#run('sysctl', '-q', '-w', `${setting}=${value}`))
  }

  async #putBack (ifname: string, others: readonly Entry[], routes: readonly string[]): Promise<void> {
    const [there] = devicesIn(await this.#anyway('ip', '-json', 'address', 'show', 'dev', ifname))
    const gone = others.filter((entry) => entry.family === 'inet' && there?.addr_info.some(({ local, prefixlen }) => local === entry.local && prefixlen === entry.prefixlen) !== true)
    if (gone.length === 0) return
    this.#tools.log?.warn({ device: ifname, addresses: gone.map(cidrOf) }, `the kernel removed ${gone.map(cidrOf).join(', ')} from ${ifname} together with a floating address; putting it back`)
    for (const entry of gone) await this.#anyway('ip', 'address', 'add', ...place(entry), 'dev', ifname, ...propertiesOf(entry))
    const left = await this.#routes(ifname)
    for (const route of routes.filter((route) => !left.includes(route))) await this.#anyway('ip', 'route', 'add', ...route.split(' '), 'dev', ifname)
  }

  /** Those that were made by hand, as the words that make them again. */
  async #routes (ifname: string): Promise<readonly string[]> {
    const text = await this.#anyway('ip', '-4', 'route', 'show', 'dev', ifname)
    return text.split('\n').map((line) => line.trim().replace(/ (?:linkdown|dead)\b/g, '')).filter((line) => line !== '' && !line.includes('proto kernel'))
  }

  /** Runs a command that has to be run even if the attempt was aborted; a failure shows in what is looked at afterwards. Resolves with its stdout. */
  async #anyway (...argv: string[]): Promise<string> {
    const outcome = await this.#run(...argv)
    return outcome.kind === 'exited' ? outcome.stdout : ''
  }

  async #run (...argv: string[]): Promise<CommandOutcome> {
    return await this.#tools.commands.run({ argv, timeout: MENDING, env: { LC_ALL: 'C' }, killStragglers: true })
  }
}

/** Every entry of the address on the device, whatever its prefix and label. */
export function entriesOf (device: Device, address: string): readonly Entry[] {
  const wanted = canonical(address)
  return device.addr_info.filter(({ local }) => local !== undefined && canonical(local) === wanted)
}

const isDone = (outcome: CommandOutcome): boolean => outcome.kind === 'exited' && outcome.code === 0

export const cidrOf = ({ local = '', prefixlen }: Entry): string => `${local}/${prefixlen}`

const place = (entry: Entry): readonly string[] =>
  entry.address === undefined ? [cidrOf(entry)] : [entry.local ?? '', 'peer', `${entry.address}/${entry.prefixlen}`]

function propertiesOf ({ label, broadcast, scope, metric, noprefixroute, valid_life_time: valid = FOREVER, preferred_life_time: preferred = FOREVER }: Entry): readonly string[] {
  const given: ReadonlyArray<readonly [string, string | number | undefined]> = [['label', label], ['broadcast', broadcast], ['scope', scope], ['metric', metric]]
  return [
    ...given.flatMap(([word, value]) => value === undefined ? [] : [word, String(value)]),
    ...valid === FOREVER ? [] : ['valid_lft', String(valid), 'preferred_lft', String(preferred)],
    ...noprefixroute === true ? ['noprefixroute'] : [],
  ]
}
