/**
 * The order in which the client tries addresses, of which one server may have several. The client goes round the list, and a silent address costs it a quarter
 * of the session time-out: two in a row are what the lease has time for (docs/design.md).
 *
 * Guarantees: with two servers or more, the address after any address is that of another server, also from the last to the first. Where each of three servers has one
 * address of each family, families alternate: if one family falls silent after the start, no two silent addresses are neighbours.
 */
import { isIP } from 'node:net'
import { parseServer } from './resolve.ts'

const isSix = (address: string): boolean => isIP(parseServer(address).host) === 6

function shuffled<T> (items: readonly T[], random: () => number): T[] {
  return items.map((item) => ({ item, at: random() })).sort((one, other) => one.at - other.at).map(({ item }) => item)
}

/** Removes the first address of a family other than that of `before`, else the first, from `left`, which begins again with all `addresses` once it is empty. */
function takeNext (left: string[], addresses: readonly string[], before: string | undefined): string | undefined {
  if (left.length === 0) left.push(...addresses)
  const at = before === undefined ? 0 : Math.max(0, left.findIndex((address) => isSix(address) !== isSix(before)))
  return left.splice(at, 1)[0]
}

/**
 * One address of each server, in a random order, then the next address of each; a server with fewer addresses is in every round. Clients begin in different places.
 * @param servers the addresses of each, with ports
 * @param random from 0 to 1, as `Math.random`
 */
export function connectionOrder (servers: ReadonlyArray<readonly string[]>, random: () => number): string[] {
  const lists = shuffled(servers.filter((addresses) => addresses.length > 0), random).map((addresses) => ({ addresses: shuffled(addresses, random), left: [] as string[] }))
  const rounds = Math.max(0, ...lists.map(({ addresses }) => addresses.length))
  const order: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const { addresses, left } of lists) {
      const next = takeNext(left, addresses, order.at(-1))
      if (next !== undefined) order.push(next)
    }
  }
  const start = Math.floor(random() * order.length)
  return [...order.slice(start), ...order.slice(0, start)]
}
