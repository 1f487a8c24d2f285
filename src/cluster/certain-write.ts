/**
 * A write whose outcome is found out while its session lives, unless ZooKeeper denies that: a lost reply is followed by a look at what is there, never by a blind
 * second try. The look follows a sync: a session that has moved to another server may be shown what was before a write that the last one has
 * forwarded. The leader refuses what comes from there once the session has moved, and answers the sync after what came before: what the look
 * shows is final.
 *
 * What others have written over since cannot be seen any more: that is said, and not that the write was refused.
 *
 * Does not resolve before there is contact again or the session is over: a caller with a bound races it.
 */
import { hasCode, isBadVersion, isLinkFailure, isMaybeApplied, isNodeExists, isNoNode, isSessionEnd } from '../zookeeper/client/errors.ts'
import type { Session } from '../zookeeper/session/session.ts'
import { readZnode } from './reading.ts'

export type WriteOutcome =
  | 'done'
  /** Certainly not applied: the znode is not as expected. */
  | 'refused'
  /** Others have written there since: whether it was applied before that cannot be seen any more. */
  | 'overwritten'
  /** Never applied, and never will be. */
  | 'failed'
  /** The session ended, or finding out was given up or denied, first. */
  | 'unknown'

/**
 * Writes over `version` of a znode.
 * @param signal as for `sureWrite`
 * @param write makes an attempt; by default the write alone
 */
export async function sureSet (session: Session, path: string, data: string, version: number, { signal, write }: { signal?: AbortSignal | undefined, write?: () => Promise<unknown> } = {}): Promise<WriteOutcome> {
  return await sureWrite(session, write ?? (async () => await session.set(path, data, version)), async () => {
    const znode = await readZnode(session, path)
    if (znode?.version === version) return 'absent'
    if (znode?.version !== version + 1) return 'overwritten'
    return znode.data === data ? 'applied' : 'other'
  }, signal)
}

/** Makes a znode that is not there. */
export async function sureCreate (session: Session, path: string, data: string, signal?: AbortSignal): Promise<WriteOutcome> {
  return await sureWrite(session, async () => await session.create(path, data), async () => {
    const znode = await readZnode(session, path)
    if (znode === undefined) return 'absent'
    if (znode.version !== 0) return 'overwritten'
    return znode.data === data ? 'applied' : 'other'
  }, signal)
}

/**
 * @param write makes the attempt; it is repeated only once `look` has said that the last one was not applied
 * @param look reads what is there: was the attempt `applied`, not yet (`absent`), is another write there in its place (`other`), or has it
 * been `overwritten`?
 * @param signal for a caller that gives up finding out: nothing more is sent after it, and an attempt in progress is awaited all the same
 */
export async function sureWrite (session: Session, write: () => Promise<unknown>, look: () => Promise<'applied' | 'absent' | 'other' | 'overwritten'>, signal?: AbortSignal): Promise<WriteOutcome> {
  let sent = false
  for (;;) {
    if (signal?.aborted === true) return sent ? 'unknown' : 'failed'
    try {
      if (sent) {
        await session.sync('/')
        const found = await look()
        if (found === 'applied') return 'done'
        if (found === 'other') return 'refused'
        if (found === 'overwritten') return found
        sent = false
      }
      await write()
      return 'done'
    } catch (error) {
      if (isMaybeApplied(error)) sent = true
      if (isBadVersion(error) || isNodeExists(error) || isNoNode(error) || hasCode(error, 'not_empty')) return 'refused'
      if (session.over || isSessionEnd(error)) return sent ? 'unknown' : 'failed'
      if (!isLinkFailure(error)) {
        // The denial concerns the look. The write may have been applied.
        if (sent) return 'unknown'
        throw error
      }
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
