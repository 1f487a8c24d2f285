/**
 * Creating a sequential znode whose reply may be lost, without leaving an orphan.
 *
 * The znode exists under an unforeseeable name, so a naive retry would create a second one and, for a lock, wait on
 * itself. Its name therefore begins with a uuid (Curator's and kazoo's "protected" create), and after a lost reply it is
 * looked for by that prefix before anything else is tried.
 *
 * Guarantees: resolves with the one znode of this prefix; rejects with `maybeApplied: false` only if there is none and
 * none can come. Rejects with `maybeApplied: true` if that could not be found out: the attempt is then a matter of the
 * `LockBook`.
 */
import { ZooKeeperError, isLinkFailure, isMaybeApplied, isNoNode, isZooKeeperError } from '../client/errors.ts'
import { baseName } from '../client/paths.ts'
import type { Session } from './session.ts'

/**
 * The name of the child of `parent` that begins with `prefix`, or null. Truthful about all earlier requests of this
 * session: requests of one connection are carried out in order, and `sync` brings a server that we have moved to up to
 * date with what the last one may still have forwarded.
 */
export async function findChild (session: Session, parent: string, prefix: string, deadline?: number): Promise<string | null> {
  try {
    await session.sync(parent, { deadline })
    const { names } = await session.children(parent, { deadline })
    return names.find((name) => name.startsWith(prefix)) ?? null
  } catch (error) {
    if (isNoNode(error)) return null
    throw error
  }
}

export interface ProtectedOptions {
  readonly ephemeral: boolean
  /** Milliseconds left for all of it, asked again before each step; 0 or less means that the time is up. */
  readonly left: () => number
  readonly signal?: AbortSignal | undefined
}

/** Creates `<parent>/<prefix><10 digits>` and resolves with the name, without the path. `prefix` must be unique: a uuid. */
export async function createProtected (session: Session, parent: string, prefix: string, data: string, options: ProtectedOptions): Promise<string> {
  let uncertain = false
  const step = (): number => {
    if (options.signal?.aborted === true) throw new ZooKeeperError('aborted', { op: 'create', path: parent })
    const left = options.left()
    if (left <= 0) throw new ZooKeeperError('deadline', { op: 'create', path: parent })
    return left
  }
  for (;;) {
    try {
      await session.whenConnected({ deadline: step(), signal: options.signal })
      if (uncertain) {
        const found = await findChild(session, parent, prefix, step())
        if (found !== null) return found
        uncertain = false
      }
      return baseName(await session.createSequential(`${parent}/${prefix}`, data, { ephemeral: options.ephemeral, deadline: step(), signal: options.signal }))
    } catch (error) {
      uncertain ||= isMaybeApplied(error)
      if (isLinkFailure(error) && !session.over && options.left() > 0) continue
      throw isZooKeeperError(error) && uncertain !== error.maybeApplied
        ? new ZooKeeperError(error.code, { op: 'create', path: parent, maybeApplied: uncertain, cause: error })
        : error
    }
  }
}
