/**
 * Leaves out addresses at which nothing answers although the same server answers at another: an IPv6 address behind a firewall that drops what it does not like
 * would cost the client a quarter of the session time-out each time it comes to it, and two of them the lease.
 *
 * Each is asked `ruok`; a server that does not permit that says so, or closes the connection, and either is an answer.
 *
 * Guarantees: resolves within `PATIENCE`; an address that refuses is kept, because a refusal costs nothing; some address of each server is kept, and all where
 * none answers; leaves no socket behind. A server with one address is not connected to.
 */
import { connect, isIP } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { parseServer } from './resolve.ts'

/** Milliseconds in which an answer comes. */
const PATIENCE = 500

async function isSilent (address: string, clock: Clock): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(parseServer(address))
    const end = (silent: boolean): void => {
      timer[Symbol.dispose]()
      socket.destroy()
      resolve(silent)
    }
    const timer = clock.after(PATIENCE, () => end(true))
    socket.on('connect', () => socket.write('ruok'))
    for (const answer of ['data', 'end', 'close', 'error']) socket.on(answer, () => end(false))
  })
}

/** @param servers the addresses of each, with ports. One name alone may stand for a whole ensemble, with machines that are down: of its addresses only a whole family is left out. */
export async function withoutSilent (servers: ReadonlyArray<readonly string[]>, clock: Clock): Promise<ReadonlyArray<readonly string[]>> {
  const isOneName = servers.length === 1
  return await Promise.all(servers.map(async (addresses) => {
    if (addresses.length < 2) return addresses
    const answers = await Promise.all(addresses.map(async (address) => ({ address, family: isIP(parseServer(address).host), silent: await isSilent(address, clock) })))
    const kept = answers.filter(({ family, silent }) => !silent || (isOneName && answers.some((each) => each.family === family && !each.silent)))
    return kept.length === 0 ? addresses : kept.map(({ address }) => address)
  }))
}
