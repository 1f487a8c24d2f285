/** Names of ZooKeeper servers that cannot be resolved, in the log: once for each name and reason. */
import type { Logger } from '../log/log.ts'
import { NameProblem } from './name-lookup.ts'

/** For the `onProblem` of a connector. */
export function unresolved (log: Pick<Logger, 'warn' | 'error'>): (error: unknown, host?: string) => void {
  const told = new Map<string, string>()
  return (error, host) => {
    if (host === undefined) {
      log.error({ err: error }, 'unexpected error of the ZooKeeper client')
      return
    }
    const why = error instanceof NameProblem ? error.message : String(error)
    if (told.get(host) === why) return
    told.set(host, why)
    log.warn({ host, reason: error instanceof NameProblem ? error.reason : 'unresolved' }, `the ZooKeeper server ${host} cannot be resolved (${why}); other servers, and addresses of it that were known before, are used`)
  }
}
