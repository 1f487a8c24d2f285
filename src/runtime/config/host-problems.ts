/** What a sound configuration names and this machine does not have: for `--check`, which says it before the daemon meets it. */
import { createServer, isIP } from 'node:net'
import type { Clock } from '../clock.ts'
import type { ConfigProblem } from './config-problem.ts'
import { addressesOf, NameProblem, type Lookup } from '../process/name-lookup.ts'

/** @param path the setting, as `pvc.node` */
export const hostProblem = (file: string, path: string, message: string, severity: ConfigProblem['severity'] = 'warning'): ConfigProblem =>
  ({ code: 'config_host', severity, file, line: 0, column: 0, path, message })

/** An error if no session can be made here, whatever the servers. */
export function clientProblems (file: string, fault: { readonly message: string } | null): readonly ConfigProblem[] {
  return fault === null ? [] : [hostProblem(file, 'pvc.coordinators', `ZooKeeper cannot be used: ${fault.message}.`, 'error')]
}

/** A warning for each ZooKeeper server that the daemon could not resolve either. */
export async function unknownServers (file: string, hosts: readonly string[], clock: Clock, lookup: Lookup): Promise<readonly ConfigProblem[]> {
  return (await Promise.all(hosts.map(async (host, index) => await unknownHost(file, `pvc.coordinators[${index}]`, host, 'a ZooKeeper server', { lookup, clock })))).flat()
}

/** A warning if `host` is a name that has no address here. @param what what it should be the name of */
export async function unknownHost (file: string, path: string, host: string, what: string, options: { readonly lookup: Lookup, readonly clock: Clock }): Promise<readonly ConfigProblem[]> {
  if (isIP(host) !== 0) return []
  try {
    await addressesOf(host, options)
    return []
  } catch (error) {
    if (!(error instanceof NameProblem)) throw error
    const known = error.reason === 'silent' ? 'cannot be resolved here' : 'has no address here'
    return [hostProblem(file, path, `${host} ${known} (${error.message}). ${error.reason === 'silent' ? 'See to the name server, or put in the address' : 'See to the name servers of /etc/resolv.conf, or put in the name or address'} of ${what}.`)]
  }
}

/** Why an address cannot be listened on. Node's own message has an IPv6 address without brackets before the port. */
export const listenFailure = ({ code, message }: NodeJS.ErrnoException): string => {
  switch (code) {
    case 'EADDRNOTAVAIL': return 'no device of this machine has this address'
    case 'ENOTFOUND': return 'the name has no address'
    case 'EADDRINUSE': return 'the address is in use'
    case 'EACCES': return 'this user is not permitted to'
    default: return code ?? message
  }
}

/** Whether this machine could listen on `address`, whatever the port. */
export async function listenProblems (file: string, path: string, address: string): Promise<readonly ConfigProblem[]> {
  const server = createServer()
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve)
    server.listen({ host: address, port: 0 }, () => resolve(null))
  })
  if (failure === null) {
    await new Promise<void>((resolve) => { server.close(() => resolve()) })
    return []
  }
  return [hostProblem(file, path, `${address} cannot be listened on: ${listenFailure(failure)}.`, 'error')]
}
