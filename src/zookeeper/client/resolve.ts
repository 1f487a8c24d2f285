/**
 * Server names to addresses, outside of the C client, which would resolve them on the JavaScript thread at every
 * turn of its I/O: 50 ms of DNS made each operation 50 ms, and failing DNS let the session expire.
 *
 * Guarantees: the result holds IP literals with ports and nothing else, as `hostWithPort` writes them. A name that cannot be resolved, or not in time, is reported, stands for
 * the addresses that it had last, and keeps no other name waiting; only if there is no address at all it is an error (`resolve_failed`), which says of each name why.
 */
import { isIP } from 'node:net'
import { hostWithPort } from '../../runtime/addresses.ts'
import type { Clock } from '../../runtime/clock.ts'
import { addressesOf, NameProblem, type Lookup } from '../../runtime/process/name-lookup.ts'
import { ZooKeeperError } from './errors.ts'

const DEFAULT_PORT = 2181

export interface Server {
  readonly host: string
  readonly port: number
}

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. Throws `invalid_argument`. */
export function parseServer (text: string): Server {
  const match = isIP(text) === 6
    ? { host: text, port: undefined }
    : (/^\[(?<host>[^\]]+)\](?::(?<port>\d{1,5}))?$/.exec(text) ?? /^(?<host>[A-Za-z0-9._-]+)(?::(?<port>\d{1,5}))?$/.exec(text))?.groups
  const port = match?.['port'] === undefined ? DEFAULT_PORT : Number(match['port'])
  if (match?.['host'] === undefined || port < 1 || port > 65535) {
    throw new ZooKeeperError('invalid_argument', { op: 'connect', detail: `not a server: ${JSON.stringify(text)}` })
  }
  return { host: match['host'], port }
}

/** As the C client takes it: the port after the last colon, and IPv6 addresses without brackets, which it would hand to the name service. */
export function nativeLiteral (address: string): string {
  const { host, port } = parseServer(address)
  return `${host}:${port}`
}

/** True if nothing in `servers` has to be looked up. */
export function areLiterals (servers: readonly string[]): boolean {
  return servers.every((server) => isIP(parseServer(server).host) !== 0)
}

export interface ResolveOptions {
  readonly lookup: Lookup
  readonly clock: Clock
  /** Each name that could not be resolved, with the reason. */
  readonly onFailure?: (host: string, problem: NameProblem) => void
  /** The addresses that each name had last: they are used while it cannot be resolved. */
  readonly known?: Map<string, readonly string[]>
}

/** Every address of each server with its port; none of a server whose name cannot be resolved in time and never was. Rejects with `resolve_failed` if there is no address at all. */
export async function resolveEach (servers: readonly string[], { lookup, clock, onFailure, known }: ResolveOptions): Promise<ReadonlyArray<readonly string[]>> {
  const failures = new Map<string, NameProblem>()
  const found = await Promise.all(servers.map(parseServer).map(async ({ host, port }) => {
    if (isIP(host) !== 0) return [hostWithPort(host, port)]
    try {
      const addresses = await addressesOf(host, { lookup, clock, onFound: (latest) => known?.set(host, latest) })
      return addresses.map((address) => hostWithPort(address, port))
    } catch (error) {
      if (!(error instanceof NameProblem)) throw error
      failures.set(host, error)
      onFailure?.(host, error)
      return (known?.get(host) ?? []).map((address) => hostWithPort(address, port))
    }
  }))
  if (found.flat().length === 0) {
    throw new ZooKeeperError('resolve_failed', { op: 'connect', detail: [...failures].map(([host, { message }]) => `${host}: ${message}`).join('; '), cause: [...failures.values()][0] })
  }
  return found
}

/** All addresses, without duplicates. */
export const uniqueAddresses = (servers: ReadonlyArray<readonly string[]>): string[] => [...new Set(servers.flat())]
