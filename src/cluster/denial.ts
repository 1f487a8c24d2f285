/**
 * What ZooKeeper or this process itself denies, told apart from a lost link and from a znode that is not as expected: an answer that the same request
 * will get again until an operator has changed the access list, or the version of this program. It was never applied, and the session continues:
 * the holder of a lock on it has to release it.
 */
import type { Denial } from '../core/coordinator/key-change.ts'
import { isLinkFailure, isSessionEnd, isZooKeeperError, hasCode } from '../zookeeper/client/errors.ts'

/** Null for every other failure, and for a write that may have been applied. */
export function denialOf (error: unknown): Denial | null {
  if (!isZooKeeperError(error) || error.maybeApplied || isLinkFailure(error) || isSessionEnd(error) || hasCode(error, 'aborted')) return null
  const { code, op, path, message } = error
  const sentence = code === 'no_auth' ? `ZooKeeper does not permit the operation ${op} on ${path ?? '/'}` : barSentence(error) ?? message
  return { code, operation: op, path: path ?? null, message: sentence }
}

/** Why this process refuses to write; null for any other failure. */
export const barSentence = (error: unknown): string | null => hasCode(error, 'write_barred') && error.cause instanceof Error ? error.cause.message : null
