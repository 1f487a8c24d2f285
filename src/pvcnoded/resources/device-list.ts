/**
 * What `ip -json` prints of network devices, judged before it is believed: another program of that name may have answered, or only a part of its answer may
 * have come. An answer that cannot be read says nothing of the address, least of all that it is not there.
 */
import { parseJson } from '../../core/model/json-text.ts'
import { spoken } from '../../runtime/process/command-report.ts'
import { AttemptFault } from './attempt.ts'

/** What `ip -json address show` prints of a device and of one of its addresses. */
export interface Device {
  readonly ifname: string
  /** Stays the same whatever name the device is given. */
  readonly ifindex: number
  readonly flags: readonly string[]
  readonly addr_info: readonly Entry[]
  /** The device that this one is a port of, and of which kind that is. */
  readonly master?: string | undefined
  readonly linkinfo?: { readonly info_kind?: string, readonly info_slave_kind?: string } | undefined
}

export interface Entry {
  readonly family?: string
  readonly local?: string
  /** The other end, of an address with a peer. */
  readonly address?: string
  readonly prefixlen?: number
  readonly secondary?: boolean
  readonly tentative?: boolean
  readonly dadfailed?: boolean
  readonly label?: string
  readonly broadcast?: string
  readonly scope?: string
  readonly metric?: number
  readonly noprefixroute?: boolean
  readonly valid_life_time?: number
  readonly preferred_life_time?: number
}

type Fields = Readonly<Record<string, unknown>>

/** The kind of each member that is read. */
const ENTRY = {
  ...kinds('string', 'family', 'local', 'address', 'label', 'broadcast', 'scope'),
  ...kinds('number', 'prefixlen', 'metric', 'valid_life_time', 'preferred_life_time'),
  ...kinds('boolean', 'secondary', 'tentative', 'dadfailed', 'noprefixroute'),
} satisfies Record<keyof Entry, string>
const LINK = kinds('string', 'info_kind', 'info_slave_kind')

function kinds <Name extends string> (kind: string, ...names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, kind])) as Record<Name, string>
}

/** More than a command's output may have. */
const LIMITS = { length: 8 * 2 ** 20, depth: 16 }

/** iproute2 prints the alias of a device, which is anybody's text, with its control characters, and with an escape that JSON does not have. */
const mended = (printed: string): string => printed.replace(/\p{Cc}/gu, ' ').replace(/\\([^])/g, (pair, character) => character === "'" ? "'" : pair)

/** Every device of the list that has a name: it has an empty object for each that a filter has left out. Throws an `AttemptFault` for any other text. */
export function devicesIn (printed: string): readonly Device[] {
  if (printed.trim() === '') throw new AttemptFault('failed: ip printed nothing')
  const parsed = parseJson(mended(printed), LIMITS)
  if (!parsed.ok) throw new AttemptFault(`failed: what ip printed ${parsed.problem}: ${spoken(printed.slice(0, 100))}`)
  const list = parsed.value
  if (!Array.isArray(list) || !list.every(isDevice)) throw new AttemptFault(`failed: ip printed no list of devices: ${spoken(printed.slice(0, 100))}`)
  return list.flatMap(({ ifname, ifindex = 0, flags = [], addr_info: entries = [], master, linkinfo }: Partial<Device>) => ifname === undefined ? [] : [{ ifname, ifindex, flags, addr_info: entries, master, linkinfo }])
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const isMadeOf = (value: unknown, members: Fields): boolean => isObject(value) && Object.entries(members).every(([name, kind]) => [kind, 'undefined'].includes(typeof value[name]))

const isDevice = (value: unknown): boolean => isObject(value) && (value['ifname'] === undefined || isNamed(value))

const isNamed = ({ ifname, ifindex, flags, addr_info: entries = [], master, linkinfo = {} }: Fields): boolean =>
  typeof ifname === 'string' && typeof ifindex === 'number' && Array.isArray(flags) && flags.every((flag) => typeof flag === 'string') &&
  Array.isArray(entries) && entries.every((entry) => isMadeOf(entry, ENTRY)) && (master === undefined || typeof master === 'string') && isMadeOf(linkinfo, LINK)
