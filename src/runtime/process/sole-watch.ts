/** Looks again and again whether the lock file of the sole process is there, as cleaning a run-time directory may remove it, and says what it found. */
import type { Clock, Timer } from '../clock.ts'
import { Episode, type Logger } from '../log/log.ts'
import { SoleProcessError, type SoleClaim } from './sole-process.ts'

/** Milliseconds between two looks. */
const INTERVAL = 2_000

export function watchClaim (claim: Pick<SoleClaim, 'path' | 'renew'>, clock: Clock, log: Pick<Logger, 'warn' | 'info' | 'error'>): Disposable {
  const trouble = new Episode({ warn: log.error.bind(log), info: log.info.bind(log) }, clock)
  const look = (): void => {
    const found = renewed(claim)
    if (found instanceof SoleProcessError) trouble.fault(`the lock file ${claim.path} was removed and cannot be put back: ${found.message}`, { code: found.code })
    else if (found === 'taken') trouble.fault(`the lock file ${claim.path} was removed, and another pvcnoded --release or daemon has locked a new one. Stop that one, and find out what cleans the directory.`)
    else {
      trouble.over(`the lock file ${claim.path} is this daemon's again`)
      if (found === 'put_back') log.warn({}, `the lock file ${claim.path} was removed and is put back. Find out what cleans its directory: it must leave the file alone.`)
    }
    timer = clock.after(INTERVAL, look)
  }
  let timer: Timer = clock.after(INTERVAL, look)
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}

function renewed (claim: Pick<SoleClaim, 'renew'>): ReturnType<SoleClaim['renew']> | SoleProcessError {
  try {
    return claim.renew()
  } catch (error) {
    if (error instanceof SoleProcessError) return error
    throw error
  }
}
