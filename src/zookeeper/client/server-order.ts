/**
 * The order in which the client tries addresses, of which one server may have several. The client goes round the list, and a silent address costs it a quarter
 * of the session time-out: two in a row are what the lease has time for (docs/design.md).
 *
 * Guarantees: with two servers or more, the address after any address is that of another server, also from the last to the first.
 */
import { isIP } from 'node:net'

const isSix = (address: string): boolean => isIP(address.slice(0, address.lastIndexOf(':'))) === 6

function shuffled<T> (items: readonly T[], random: () => number): T[] {
  return items.map((item) => ({ item, at: random() })).sort((one, other) => one.at - other.at).map(({ item }) => item)
}

/**
 * One address of each server, in a random order, then the next address of each; a server with fewer addresses is in every round. Addresses of one family come in the
 * same rounds, and clients begin in different places.
 * @param servers the addresses of each, `ip:port`
 * @param random from 0 to 1, as `Math.random`
 */
export function connectionOrder (servers: ReadonlyArray<readonly string[]>, random: () => number): string[] {
  const lists = shuffled(servers.filter((addresses) => addresses.length > 0), random)
    .map((addresses) => shuffled(addresses, random).sort((one, other) => Number(isSix(one)) - Number(isSix(other))))
  const rounds = Math.max(0, ...lists.map(({ length }) => length))
  const order = Array.from({ length: rounds }, (_, round) => lists.flatMap((addresses) => addresses[round % addresses.length] ?? [])).flat()
  const start = Math.floor(random() * order.length)
  return [...order.slice(start), ...order.slice(0, start)]
}
