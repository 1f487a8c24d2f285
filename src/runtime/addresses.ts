/** Network addresses as texts: which are loopback, which networks they are in, which this machine has, and how one is written with a port. */
import { BlockList, isIP } from 'node:net'
import os from 'node:os'

/** `host:port` as it is written everywhere: in sentences, log fields and settings. IPv6 addresses stand in brackets. */
export const hostWithPort = (host: string, port: number | string): string => isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`

/** A set of addresses and networks (`10.0.0.0/8`); anything else in `list` throws. */
export function networks (list: readonly string[]): { has (address: string): boolean } {
  const known = new BlockList()
  for (const entry of list) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    known.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return {
    has (address) {
      const version = isIP(address)
      return version > 0 && known.check(address, version === 6 ? 'ipv6' : 'ipv4')
    },
  }
}

const loopback = networks(['127.0.0.0/8', '::1'])

/** An IPv4 address that came in over an IPv6 socket counts as itself. */
export const isLoopback = (address: string): boolean => loopback.has(address)

/** The addresses of this machine's interfaces as they are now, without zones; empty where the system does not tell. */
export function interfaceAddresses (): ReadonlySet<string> {
  try {
    return new Set(Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.split('%', 1)[0] ?? address)))
  } catch {
    // Needs a netlink socket, which a hardened unit may not allow. The address that a connection came in by is known without it.
    return new Set()
  }
}
