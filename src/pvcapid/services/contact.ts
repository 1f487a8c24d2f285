/**
 * ZooKeeper for the services: a connected session within a bound, readings that are as new as the call, and writes whose outcome is told. A
 * failure of the link becomes `zookeeper_unavailable`; nothing here outlasts the bound that it was given.
 */
import { barSentence } from '../../cluster/denial.ts'
import type { Clock } from '../../runtime/clock.ts'
import { DeadlineError, withDeadline } from '../../runtime/deadline.ts'
import { isLinkFailure, isNoNode, isSessionEnd, hasCode } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { SessionKeeper } from '../../zookeeper/session/session-keeper.ts'
import { ApiError, asNotStarted, isDenial, RETRY_AFTER, schemaTooNew, zookeeperPermission, zookeeperUnavailable } from '../errors/errors.ts'
import type { Leaver, SharedReading } from './shared-reading.ts'
import { writeVersioned } from './versioned-write.ts'

/** Milliseconds to wait for contact and for one reading, together. */
const READ_BOUND = 1_000
/** Milliseconds after which a write is given up: its outcome may then be unknown. */
const WRITE_BOUND = 2_400
/** Readings for single requests that may be in progress at once. Each is counted until ZooKeeper has answered, also when its client has been answered or has gone. */
export const READINGS = 1_024

export class Contact {
  readonly keeper: SessionKeeper
  readonly #clock: Clock
  #readings = 0

  constructor (keeper: SessionKeeper, clock: Clock) {
    this.keeper = keeper
    this.#clock = clock
  }

  /** Whether there is contact now, as far as this process knows. */
  get connected (): boolean {
    return this.keeper.current?.state === 'connected'
  }

  /** A connected session. Rejects with `zookeeper_unavailable` after `milliseconds`. */
  async session (milliseconds = READ_BOUND): Promise<Session> {
    const { current } = this.keeper
    if (current?.state === 'connected') return current
    return await this.bounded(async (signal) => await this.keeper.ready(signal), milliseconds)
  }

  /** What `read` gives on a connected session; a missing znode is null. Rejects with `zookeeper_unavailable`, also while `READINGS` are in progress. */
  async read<T> (read: (session: Session) => Promise<T>, milliseconds = READ_BOUND): Promise<T | null> {
    return await this.bounded(async (signal) => {
      const session = await this.keeper.ready(signal)
      if (this.#readings >= READINGS) throw new ApiError('zookeeper_unavailable', `ZooKeeper answers slowly: ${READINGS} readings are in progress already. Nothing was done; try again in a moment.`, { outcome: 'not_started', headers: { 'retry-after': RETRY_AFTER } })
      this.#readings += 1
      try {
        return await ifThere(read(session))
      } finally {
        this.#readings -= 1
      }
    }, milliseconds)
  }

  /**
   * What the next reading gives. Rejects with `zookeeper_unavailable` after `milliseconds`, or later by as long as the reading before it may take, and with
   * `ClientGone` as soon as the client is gone.
   */
  async shared<T> (reading: SharedReading<T>, client?: Leaver, milliseconds = READ_BOUND): Promise<T> {
    return await translated(reading.get(reading.isBusy ? milliseconds + READ_BOUND : milliseconds, client))
  }

  /**
   * Writes `value` to the znode at `path`, made if it is missing, over what `judge` was shown and did not refuse. Rejects with what `judge`
   * throws, with `zookeeper_unavailable` (`not_started`) or, if the link was lost after the write was sent, with `outcome_unknown`.
   * @returns false if `judge` found that there is nothing to be done
   */
  async write (path: string, value: string, judge: (present: string | null, session: Session) => boolean | Promise<boolean>): Promise<boolean> {
    let sent = false
    try {
      return await this.bounded(async (signal) => {
        for (;;) {
          const session = await this.session()
          const found = await ifThere(session.get(path))
          if (!await judge(found?.data ?? null, session)) return false
          signal.throwIfAborted()
          sent = true
          const outcome = await writeVersioned(session, path, value, found?.stat.version ?? null, signal)
          if (outcome === 'done') return true
          sent = outcome === 'unknown' || outcome === 'overwritten'
          if (outcome !== 'refused') throw sent ? unknownOutcome() : zookeeperUnavailable(undefined, 'not_started')
        }
      }, WRITE_BOUND)
    } catch (error) {
      // What is denied was not applied, and each write here is a single one.
      if (!sent || isDenial(error)) throw asNotStarted(error)
      if (error instanceof ApiError && error.code === 'zookeeper_unavailable') throw unknownOutcome(error)
      throw error
    }
  }

  /** What `work` gives within `milliseconds`. A failure of the link, and the bound, become `zookeeper_unavailable`; what is not permitted `zookeeper_permission` or `schema_too_new`. */
  async bounded<T> (work: (signal: AbortSignal) => Promise<T>, milliseconds = READ_BOUND): Promise<T> {
    return await translated(withDeadline(this.#clock, milliseconds, undefined, work))
  }
}

/** The result of a reading; null if the znode does not exist. */
async function ifThere<T> (reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (isNoNode(error)) return null
    throw error
  }
}

/** Resolves as `work` does. Its failures become the errors that the API returns. */
async function translated<T> (work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (hasCode(error, 'no_auth')) throw zookeeperPermission(error.op, error.path, error)
    const barred = barSentence(error)
    if (barred !== null) throw schemaTooNew(barred, error)
    if (error instanceof DeadlineError || isLinkFailure(error) || isSessionEnd(error) || hasCode(error, 'aborted')) throw zookeeperUnavailable(error)
    throw error
  }
}

export const unknownOutcome = (cause?: unknown) => new ApiError('outcome_unknown',
  'The connection to ZooKeeper was lost after the write was sent. Asking for it again is safe: it is done once.', { cause, outcome: 'unknown', headers: { 'retry-after': RETRY_AFTER } })
