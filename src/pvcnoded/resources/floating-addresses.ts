/** Which addresses a node may hold for the cluster: those of one machine, each once in the configuration, whatever its spelling. */
import { isIP, SocketAddress } from 'node:net'
import { networks } from '../../runtime/addresses.ts'
import type { Finding } from '../../runtime/config/yaml-config.ts'

interface Entry {
  readonly type: string
  readonly name: string
  readonly address?: string
  readonly device?: string
}

const multicast = networks(['224.0.0.0/4', 'ff00::/8'])
const nowhere = networks(['0.0.0.0/8', '240.0.0.0/4', '::/128'])
const loopback = networks(['127.0.0.0/8', '::1'])

/** The shortest prefix of a network that a machine can be in: no larger block is given to one organisation. By the bits of an address. */
const SHORTEST: Readonly<Record<number, number>> = { 32: 8, 128: 16 }

/** @param path the list's */
export function judgeFloatingAddresses (path: string, resources: readonly Entry[]): Finding[] {
  const earlier = new Map<string, string>()
  return resources.flatMap((resource, index): Finding[] => {
    if (resource.type !== 'floating-ip' || resource.address === undefined) return []
    const at = `${path}[${index}]`
    const found: Finding[] = []
    const [device = '', lower] = resource.device?.split('@') ?? []
    const [labelled = '', label] = device.split(':')
    if (label !== undefined) found.push({ path: `${at}.device`, message: `"${device}" is the label of an address, not a device. The device is ${labelled}.` })
    if (lower !== undefined) found.push({ path: `${at}.device`, message: `"${resource.device}" is how ip shows a device that lies on another one. Its name is ${device}.` })
    const [address = '', prefix = '', ...rest] = resource.address.split('/')
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    if (rest.length > 0 || address.includes('%') || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
      return [...found, { path: `${at}.address`, message: `"${resource.address}" is no address with a prefix length, as 10.0.0.254/24 or fd00::fe/64.` }]
    }
    const wrong = whyNot(address, Number(prefix), bits)
    if (wrong !== null) found.push({ path: `${at}.address`, message: `${address} ${wrong}; put in the address of one machine.` })
    const spelled = canonical(address)
    const other = earlier.get(spelled)
    if (other === undefined) earlier.set(spelled, resource.name)
    else found.push({ path: `${at}.address`, message: `${address} is the address of ${other} already; each address is one resource.` })
    return found
  })
}

/** One spelling for each address. */
export const canonical = (address: string): string => isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address

function whyNot (address: string, prefix: number, bits: number): string | null {
  if (multicast.has(address)) return 'is a multicast address'
  if (loopback.has(address)) return 'is a loopback address'
  // An IPv4 address in IPv6's clothes, which no device has.
  const mapped = bits === 128 && canonical(address).startsWith('::ffff:')
  if (mapped || nowhere.has(address)) return 'is no address that a machine can have'
  const shortest = SHORTEST[bits] ?? 0
  if (prefix < shortest) return `has a prefix (/${prefix}) that makes neighbours of whole continents: everything else there could not be reached any more (/${shortest} at least)`
  const host = hostBits(address, prefix, bits)
  if (bits - prefix < 2) return null
  if (!host.includes('1')) return bits === 32 ? `is the address of the network itself (/${prefix})` : `is the address of all routers of its subnet (/${prefix})`
  return bits === 32 && !host.includes('0') ? `is the broadcast address of its network (/${prefix})` : null
}

/** The bits behind the prefix, as text. */
function hostBits (address: string, prefix: number, bits: number): string {
  const binary = (text: string, base: number, width: number) => parseInt(text, base).toString(2).padStart(width, '0')
  if (bits === 32) return address.split('.').map((part) => binary(part, 10, 8)).join('').slice(prefix)
  const [head = '', tail] = canonical(address).replace(/^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, front: string, ...four: string[]) =>
    `${front}${((Number(four[0]) << 8) | Number(four[1])).toString(16)}:${((Number(four[2]) << 8) | Number(four[3])).toString(16)}`).split('::')
  const groups = (text: string) => text === '' ? [] : text.split(':')
  const [front, back] = [groups(head), groups(tail ?? '')]
  const whole = tail === undefined ? front : [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back]
  return whole.map((group) => binary(group, 16, 16)).join('').slice(prefix)
}
