/** Client addresses: what counts as one client, and who a request came from. Pure. */
import { BlockList, isIP } from 'node:net'

/** The first four groups of an IPv6 address, which is what one subscriber has: a host with one address of a /64 has all of them. */
function network64 (address: string): string {
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    const last = after.at(-1)?.includes('.') === true ? 1 : 0
    while (groups.length + after.length + last < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

/** The client that an address counts as: an IPv4 address itself, also one that came in over an IPv6 socket; an IPv6 address its /64 network. */
export function clientOf (address: string): string {
  const version = isIP(address)
  if (version !== 6) return address
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? network64(address)
}

/**
 * Some proxies name the port as well; an IPv4 address that came in over an IPv6 socket is one of IPv4. A zone means something on the host of its
 * interface alone, and can be any text.
 */
const plain = (text: string): string =>
  ((/^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(text) ?? /^\[([^\]]+)\](?::\d+)?$/.exec(text))?.[1] ?? text).replace(/(?<=:.*)%.*$/s, '')

/**
 * The client's address: the last one that a trusted proxy has vouched for and that is an address. What stands in `X-Forwarded-For` can be any
 * text; then it is the proxy's own.
 */
export function clientAddress ({ ip, ips }: { readonly ip: string, readonly ips?: readonly string[] | undefined }): string {
  return [ip, ...ips?.toReversed() ?? []].map(plain).find((address) => isIP(address) > 0) ?? ''
}

/** Whether an address is in one of these addresses and networks (`10.0.0.0/8`); they were found good when the configuration was loaded. */
export function addressMatcher (list: readonly string[]): (address: string) => boolean {
  const known = new BlockList()
  for (const entry of list) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    known.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return (address) => {
    const version = isIP(address)
    return version > 0 && known.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}
