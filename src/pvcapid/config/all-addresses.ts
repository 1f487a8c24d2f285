/** Networks as ranges of numbers: whether a list of them holds every address that a client can come from. */
import { isIP } from 'node:net'

/** From the first address to the last one, both in it. */
interface Range { readonly version: 4 | 6, readonly first: bigint, readonly last: bigint }

const BITS = { 4: 32, 6: 128 } as const
/** From where clients come: all of IPv4, and of IPv6 what is given to networks (2000::/3). */
const clients: Readonly<Record<4 | 6, Range>> = { 4: { version: 4, first: 0n, last: (1n << 32n) - 1n }, 6: { version: 6, first: 1n << 125n, last: (1n << 126n) - 1n } }
/** Where IPv6 has the addresses of IPv4. */
const MAPPED = 0xffffn << 32n

function numberOf (address: string, version: 4 | 6): bigint {
  if (version === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  // In the one form that has no IPv4 address at its end.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...before, ...Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill('0'), ...after]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

/** The addresses of an address or a network; null for a text that is neither. */
export function networkOf (text: string): Range | null {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if ((version !== 4 && version !== 6) || rest.length > 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > BITS[version]))) return null
  // A zone is no part of the number.
  const number = numberOf(address.split('%', 1)[0] ?? '', version)
  const free = BigInt(BITS[version] - Number(bits ?? BITS[version]))
  const first = (number >> free) << free
  return { version, first, last: first + (1n << free) - 1n }
}

/** The versions of IP of which the list holds every address, alone or together. */
export function universal (list: readonly string[]): readonly string[] {
  const ranges = list.map(networkOf).filter((range) => range !== null)
  const mapped = ranges.filter(({ version, last, first }) => version === 6 && first <= MAPPED && last >= MAPPED + (1n << 32n) - 1n).map((): Range => clients[4])
  return ([4, 6] as const).filter((version) => covers([...ranges, ...mapped].filter((range) => range.version === version), clients[version])).map((version) => `IPv${version}`)
}

function covers (ranges: readonly Range[], { first, last }: Range): boolean {
  let next = first
  for (const range of ranges.toSorted((a, b) => a.first < b.first ? -1 : 1)) if (range.first <= next && range.last >= next) next = range.last + 1n
  return next > last
}
