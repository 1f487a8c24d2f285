/**
 * A write whose fate is always found out while its session lives: a lost reply is followed by a look at what is there, never by a blind
 * second try. The look follows a sync: a session that has moved to another server may be shown what was before a write that the last one has
 * forwarded. The leader refuses what comes from there once the session has moved, and answers the sync after what came before: what the look
 * shows is final.
 *
 * Does not resolve before there is contact again or the session is over: whoever has a bound races it.
 */
import { isBadVersion, isLinkFailure, isMaybeApplied, isNodeExists, isNoNode, isSessionEnd } from '../zookeeper/errors.ts'
import type { Session } from '../zookeeper/session.ts'

export type WriteFate =
  | 'done'
  /** Certainly not applied: the znode is not as expected. */
  | 'refused'
  /** Never applied, and never will be. */
  | 'failed'
  /** The session ended, or finding out was given up, first. */
  | 'unknown'

/**
 * @param write makes the attempt; it is repeated only once `look` has said that the last one was not applied
 * @param look reads what is there: was the attempt `applied`, not yet (`absent`), or has somebody else been there (`other`)?
 * @param signal for whoever gives up finding out: nothing more is sent after it, and an attempt under way is awaited all the same
 */
export async function sureWrite (session: Session, write: () => Promise<unknown>, look: () => Promise<'applied' | 'absent' | 'other'>, signal?: AbortSignal): Promise<WriteFate> {
  let sent = false
  for (;;) {
    if (signal?.aborted === true) return sent ? 'unknown' : 'failed'
    try {
      if (sent) {
        await session.sync('/')
        const found = await look()
        if (found === 'applied') return 'done'
        if (found === 'other') return 'refused'
        sent = false
      }
      await write()
      return 'done'
    } catch (error) {
      if (isMaybeApplied(error)) sent = true
      if (isBadVersion(error) || isNodeExists(error) || isNoNode(error)) return 'refused'
      if (session.over || isSessionEnd(error)) return sent ? 'unknown' : 'failed'
      if (!isLinkFailure(error)) throw error
    }
    if (!await inContact(session, signal)) return sent ? 'unknown' : 'failed'
  }
}

/** Repeats a read, or whatever else may be done twice, until it succeeds; null once the session is over, which an answer may show before the session says so. Other errors than the link's are thrown. */
export async function sureRead<T> (session: Session, read: () => Promise<T>, signal?: AbortSignal): Promise<T | null> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (session.over || isSessionEnd(error) || signal?.aborted === true) return null
      if (!isLinkFailure(error)) throw error
    }
    if (!await inContact(session, signal)) return null
  }
}

async function inContact (session: Session, signal?: AbortSignal): Promise<boolean> {
  try {
    await session.whenConnected({ signal })
    return true
  } catch (error) {
    if (session.over || signal?.aborted === true) return false
    throw error
  }
}
