/**
 * ZooKeeper for the services: a connected session within a bound, readings that are as new as the call, and writes whose outcome is told. A
 * failure of the link becomes `zookeeper_unavailable`; nothing here outlasts the bound that it was given.
 */
import { readKeySnapshot } from '../../cluster/reading.ts'
import type { KeySnapshot } from '../../core/switchover/key-snapshot.ts'
import type { Clock } from '../../runtime/clock.ts'
import { DeadlineError, withDeadline } from '../../runtime/deadline.ts'
import { isLinkFailure, isNoNode, isSessionEnd, hasCode } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { SessionKeeper } from '../../zookeeper/session/session-keeper.ts'
import { ApiError, asNotStarted, RETRY_AFTER, zookeeperPermission, zookeeperUnavailable } from '../errors/errors.ts'
import { SharedReading } from './shared-reading.ts'
import { writeVersioned } from './versioned-write.ts'

/** Milliseconds to wait for contact and for one reading, together. */
const READ_BOUND = 1_000
/** Milliseconds after which a write is given up: its outcome may then be unknown. */
const WRITE_BOUND = 2_400

export class Contact {
  readonly keeper: SessionKeeper
  readonly #clock: Clock
  readonly #keySnapshot = new SharedReading(async () => await this.read(async (session) => {
    await session.sync('/')
    return await readKeySnapshot(session)
  }))

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

  /** What `read` gives on a connected session; a missing znode is null. Rejects with `zookeeper_unavailable`. */
  async read<T> (read: (session: Session) => Promise<T>, milliseconds = READ_BOUND): Promise<T | null> {
    return await this.bounded(async (signal) => {
      const session = await this.keeper.ready(signal)
      try {
        return await read(session)
      } catch (error) {
        if (isNoNode(error)) return null
        throw error
      }
    }, milliseconds)
  }

  /**
   * Everything that a request is decided on, not older than this call; null while there is no primary key. It is several readings of each node, and
   * so made once for all who ask meanwhile. Rejects with `zookeeper_unavailable` after `milliseconds`, or later by as long as the one before it takes.
   */
  async keySnapshot (milliseconds = READ_BOUND): Promise<KeySnapshot | null> {
    return await this.bounded(async () => await this.#keySnapshot.get(), this.#keySnapshot.isBusy ? milliseconds + READ_BOUND : milliseconds)
  }

  /**
   * Writes `value` to the znode at `path`, made if it is missing, over what `judge` was shown and did not refuse. Rejects with what `judge`
   * throws, with `zookeeper_unavailable` (`not_started`) or, if the link was lost after the write was sent, with `outcome_unknown`.
   * @returns false if `judge` found that there is nothing to be done
   */
  async write (path: string, value: string, judge: (present: string | null) => boolean): Promise<boolean> {
    let sent = false
    try {
      return await this.bounded(async (signal) => {
        for (;;) {
          const session = await this.session()
          const found = await this.read(async (connected) => await connected.get(path))
          if (!judge(found?.data ?? null)) return false
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
      if (!sent || (error instanceof ApiError && error.code === 'zookeeper_permission')) throw asNotStarted(error)
      if (error instanceof ApiError && error.code === 'zookeeper_unavailable') throw unknownOutcome(error)
      throw error
    }
  }

  /** What `work` gives within `milliseconds`. A failure of the link, and the bound, become `zookeeper_unavailable`; what is not permitted `zookeeper_permission`. */
  async bounded<T> (work: (signal: AbortSignal) => Promise<T>, milliseconds = READ_BOUND): Promise<T> {
    try {
      return await withDeadline(this.#clock, milliseconds, undefined, work)
    } catch (error) {
      if (hasCode(error, 'no_auth')) throw zookeeperPermission(error.op, error.path, error)
      if (error instanceof DeadlineError || isLinkFailure(error) || isSessionEnd(error) || hasCode(error, 'aborted')) throw zookeeperUnavailable(error)
      throw error
    }
  }
}

export const unknownOutcome = (cause?: unknown) => new ApiError('outcome_unknown',
  'The connection to ZooKeeper was lost after the write was sent. Asking for it again is safe: it is done once.', { cause, outcome: 'unknown', headers: { 'retry-after': RETRY_AFTER } })
