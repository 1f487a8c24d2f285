/**
 * What the two daemons' configurations share: schema parts, the address forms and the one conversion from the file's
 * seconds to the milliseconds used inside.
 */
import { isIPv4, isIPv6 } from 'node:net'
import Type from 'typebox'
import type { Finding } from './yaml-config.ts'
import { logLevels } from '../log/log.ts'

/** An address to connect to; `host` is a name or an address, IPv6 without brackets. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

const defaultZooKeeperPort = 2181
/** Longest duration accepted, seconds: a day. Also keeps milliseconds within what a timer can count. */
const longest = 86_400
/** Longest pause accepted, seconds: nobody is primary meanwhile. */
const longestPause = 3_600

interface Bounds {
  /** Seconds. */
  readonly minimum: number
  readonly maximum?: number
}

/** A duration in seconds. A minimum that is too low is no bound: what cannot be done in that time fails each time. */
export const duration = (description: string, { minimum, maximum = longest }: Bounds, fallback?: number) =>
  Type.Number({ description, unit: 's', minimum, maximum, ...(fallback === undefined ? {} : { default: fallback }) })

/** A duration in seconds which may be 0. */
export const pause = (description: string, fallback?: number, maximum = longestPause) =>
  Type.Number({ description, unit: 's', minimum: 0, maximum, ...(fallback === undefined ? {} : { default: fallback }) })

/** A mapping that takes no unknown settings. `optional`: it may be left out; its own defaults then apply. */
export const section = <Properties extends Parameters<typeof Type.Object>[0]>(description: string, properties: Properties, optional = true) =>
  Type.Object(properties, { description, additionalProperties: false, ...(optional ? { default: {} } : {}) })

/** Among whose settings are secrets: no message repeats what stands in it, for it may be one of them in the wrong place. */
export const secretSection = <Properties extends Parameters<typeof Type.Object>[0]>(description: string, properties: Properties, optional = true) =>
  Type.Object(properties, { description, additionalProperties: false, holdsSecrets: true, ...(optional ? { default: {} } : {}) })

export const nodeName = (description: string) => Type.String({
  description,
  // In the primary key `none` stands for no node, and a client's null for any.
  pattern: '^(?!(?:[Nn][Oo][Nn][Ee]|[Nn][Uu][Ll][Ll])$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  form: 'a node name: a letter or digit, then up to 63 letters, digits, dots, underscores or hyphens; not none or null, which stand for no node',
})

/** A program and its arguments, run without a shell. */
export const argv = (description: string) => Type.Array(Type.String({ minLength: 1, pattern: '^[^\\u0000]*$', form: 'a text without null bytes', description: 'Program or argument.' }), { description, minItems: 1 })

export const coordinators = Type.Array(Type.String({ description: 'host, host:port, IPv4, [IPv6] or [IPv6]:port.' }), {
  description: `The ZooKeeper servers: host or host:port; the port is ${defaultZooKeeperPort} unless given, IPv6 addresses stand in brackets. A chroot may follow the last one, as ZooKeeper writes it: host:port/clusters/a.`,
  minItems: 1,
})

/** Names that are plain in a log, a label and a shell; `/` alone is the root of the ensemble. The subtree `/zookeeper` is ZooKeeper's own. */
const chrootPattern = '^(?!/zookeeper(?:/|$))(?:/|(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+)$'
const chrootForm = 'the path of a znode of plain names without a slash at its end, as /clusters/a, and not below /zookeeper, which is ZooKeeper\'s own'
const longestChroot = 255

export const zookeeper = section('How to talk to ZooKeeper.', {
  session_timeout: Type.Number({ description: 'Session time-out asked for; the servers may negotiate another, which is then used.', unit: 's', minimum: 4, maximum: 3600, default: 10 }),
  chroot: Type.Optional(Type.String({
    description: 'The znode under which everything of this cluster is, so that several clusters share an ensemble: the same for all daemons of a cluster, another for each cluster. Made if it is missing. The root of the ensemble unless given.', pattern: chrootPattern, maxLength: longestChroot, form: chrootForm,
  })),
})

/** `pvc`, as far as it says where in which ensemble the cluster is. */
interface Ensemble {
  readonly coordinators: readonly string[]
  readonly zookeeper: { readonly chroot?: string }
}

export const logLevel = Type.Enum([...logLevels], { description: 'The least severe level that is logged. From `warn` on no line says who asked for what: pvcapid takes such a level at a start alone, not at SIGHUP.', default: 'info' })

/** Seconds as the file has them → whole milliseconds. */
export function milliseconds (seconds: number): number {
  return Math.round(seconds * 1000)
}

/**
 * Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`. Answers a sentence if it is none of these; without `fallbackPort` a
 * port must be given.
 */
export function parseHostPort (text: string, fallbackPort?: number): HostPort | string {
  const match = /^(?:\[([^[\]]+)\]|([^[\]:]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) {
    return text.split(':').length > 2 && !text.includes('[') && isIPv6(text.replace(/%.*$/, ''))
      ? `An IPv6 address must stand in brackets: "[${text}]".`
      : `"${text}" is not an address; write host, host:port or [IPv6]:port.`
  }
  const [, literal, name, portText] = match
  const host = literal ?? name ?? ''
  if (literal !== undefined && !isIPv6(literal)) return `"${literal}" is not an IPv6 address.`
  if (name !== undefined && !/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_.])?$/.test(name)) return `"${name}" is not a host name or IPv4 address.`
  if (portText === undefined) return fallbackPort === undefined ? `"${text}" lacks the port; write ${text}:PORT.` : { host, port: fallbackPort }
  const port = Number(portText)
  return port >= 1 && port <= 65_535 ? { host, port } : `Port ${portText} is not between 1 and 65535.`
}

/** Why no process can listen on `address`, as the end of a sentence; null if one might. */
export function noListenerAt (address: string): string | null {
  const [host = ''] = address.toLowerCase().split('%')
  if (isIPv6(host)) return host.startsWith('ff') ? 'is a multicast address' : null
  return isIPv4(host) && Number(host.split('.')[0]) >= 224 ? 'is a multicast, reserved or broadcast address' : null
}

/** An entry of `coordinators` as its server and its chroot, which is undefined if it has none. */
function splitEntry (text: string): readonly [server: string, chroot: string | undefined] {
  const at = text.indexOf('/')
  return at <= 0 ? [text, undefined] : [text.slice(0, at), text.slice(at)]
}

/** Where the cluster is: its servers, and the path of its chroot if it is not at the root. Call only after `judgeCoordinators` found nothing. */
export function ensembleOf ({ coordinators, zookeeper }: Ensemble): { servers: HostPort[], chroot?: string } {
  const servers = coordinators.map((text) => {
    const server = parseHostPort(splitEntry(text)[0], defaultZooKeeperPort)
    if (typeof server === 'string') throw new Error(server)
    return server
  })
  const { chroot = coordinators.map((text) => splitEntry(text)[1]).find((found) => found !== undefined) ?? '/' } = zookeeper
  return { servers, ...chroot === '/' ? {} : { chroot } }
}

export const coordinatorsRule = 'Each is an address, at which a server can be, and no server is there twice. A chroot stands after the last of them or after each, and is the same everywhere, `chroot` included.'
export const coordinatorsReads = ['pvc.coordinators', 'pvc.zookeeper.chroot'] as const

/** Judges `pvc.coordinators` by `coordinatorsRule`. */
export function judgeCoordinators (ensemble: Ensemble): Finding[] {
  const servers = judgeServers(ensemble.coordinators)
  return servers.length > 0 ? servers : judgeChroots(ensemble)
}

function judgeChroots ({ coordinators, zookeeper: { chroot: setting } }: Ensemble): Finding[] {
  const entries = coordinators.map((text, index) => ({ text, path: `pvc.coordinators[${index}]`, chroot: splitEntry(text)[1] }))
  const wrong = entries.filter(({ chroot }) => chroot !== undefined && !(chroot.length <= longestChroot && new RegExp(chrootPattern).test(chroot)))
  if (wrong.length > 0) return wrong.map(({ text, path, chroot }) => ({ path, message: `"${text}" has the chroot "${chroot}", which is not ${chrootForm}.` }))
  const once = 'A cluster has one chroot; write it once, in pvc.zookeeper.chroot.'
  const first = entries.find(({ chroot }) => chroot !== undefined)
  if (first === undefined) return []
  if (setting !== undefined) return entries.filter(({ chroot }) => chroot !== undefined && chroot !== setting).map(({ text, path, chroot }) => ({ path, message: `"${text}" has the chroot "${chroot}", and pvc.zookeeper.chroot is "${setting}". ${once}` }))
  const other = entries.filter(({ chroot }) => chroot !== undefined && chroot !== first.chroot)
  if (other.length > 0) return other.map(({ text, path, chroot }) => ({ path, message: `"${text}" has the chroot "${chroot}", and "${first.text}" has "${first.chroot}". ${once}` }))
  // ZooKeeper writes it after the last one, for all of them.
  if (first === entries.at(-1)) return []
  return entries.filter(({ chroot }) => chroot === undefined).map(({ text, path }) => ({ path, message: `"${text}" has no chroot, and "${first.text}" has "${first.chroot}", although it is not the last server. ${once}` }))
}

function judgeServers (list: readonly string[]): Finding[] {
  const first = new Map<string, number>()
  return list.flatMap((text, index): Finding[] => {
    const path = `pvc.coordinators[${index}]`
    if (text.includes(',')) return [{ path, message: `"${text}" is several servers; write each as an entry of its own, and a chroot in pvc.zookeeper.chroot.` }]
    const server = parseHostPort(splitEntry(text)[0], defaultZooKeeperPort)
    if (typeof server === 'string') return [{ path, message: server }]
    const reason = noServerAt(server.host)
    if (reason !== null) return [{ path, message: `"${text}" ${reason}; write the name or address of a ZooKeeper server.` }]
    const key = `${canonicalHost(server.host)} ${server.port}`
    const earlier = first.get(key)
    if (earlier !== undefined) return [{ path, message: `"${text}" is the same server as "${list[earlier]}", number ${earlier + 1} of the list.` }]
    first.set(key, index)
    return []
  })
}

/** One text for each host, whatever its spelling. */
function canonicalHost (host: string): string {
  const [address = '', zone = ''] = host.split('%')
  return isIPv6(host) ? `${new URL(`http://[${address}]`).hostname} ${zone}` : host.toLowerCase()
}

/** Why no server can be reached at `host`, as the end of a sentence; null if one may be there. */
export function noServerAt (host: string): string | null {
  const [address = ''] = host.toLowerCase().split('%')
  if (/^(?:0\.0\.0\.0|::|0*(?::0*)+)$/.test(address)) return 'is the unspecified address, which is for listening'
  if (isIPv6(address)) {
    if (address.startsWith('ff')) return 'is a multicast address'
    return /^fe[89ab]/.test(address) && !host.includes('%') ? 'is a link-local address without its zone (as in [fe80::1%eth0])' : null
  }
  if (isIPv4(address)) return Number(address.split('.')[0]) >= 224 ? 'is a multicast, reserved or broadcast address' : null
  return /^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*$/.test(address) ? 'is neither a host name nor an IPv4 address of four numbers' : null
}
