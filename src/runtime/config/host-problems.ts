/** What a sound configuration names and this machine does not have: for `--check`, which says it before the daemon meets it. */
import { createServer } from 'node:net'
import type { Clock } from '../clock.ts'
import type { ConfigProblem } from './config-problem.ts'
import { DeadlineError, withDeadline } from '../deadline.ts'

/** Milliseconds for one name. */
const NAME = 2_000

/** @param path the setting, as `pvc.node` */
export const hostProblem = (file: string, path: string, message: string, severity: ConfigProblem['severity'] = 'warning'): ConfigProblem =>
  ({ code: 'config_host', severity, file, line: 0, column: 0, path, message })

/** A warning for each ZooKeeper server whose name has no address. */
export async function unknownServers (file: string, hosts: readonly string[], clock: Clock, lookup: (host: string) => Promise<readonly string[]>): Promise<readonly ConfigProblem[]> {
  const found = await Promise.all(hosts.map(async (host, index) => {
    try {
      await withDeadline(clock, NAME, undefined, async () => await lookup(host))
      return []
    } catch (error) {
      const why = error instanceof DeadlineError ? 'the name service does not answer' : (error as NodeJS.ErrnoException).code ?? 'it cannot be resolved'
      return [hostProblem(file, `pvc.coordinators[${index}]`, `${host} has no address here (${why}). Put in the name or address of a ZooKeeper server.`)]
    }
  }))
  return found.flat()
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
  const why = failure.code === 'EADDRNOTAVAIL' ? 'no device of this machine has this address' : failure.code === 'ENOTFOUND' ? 'the name has no address' : `${failure.code ?? failure.message}`
  return [hostProblem(file, path, `${address} cannot be listened on: ${why}.`, 'error')]
}
