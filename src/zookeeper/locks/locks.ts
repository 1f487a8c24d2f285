/**
 * Taking a lock that kazoo's processes share: `<uuid>__lock__<10 digits>` (readers `__rlock__`), ephemeral, sequential.
 * The rule for the holder is `src/zookeeper/locks/lock-order.ts`; what is held is a `LockHandle`.
 *
 * Guarantees: when `acquireLock` resolves, our child was first in line, and was ours, at a moment after the call. When it
 * rejects, our child is deleted, or its session is over, or it is on the `LockBook`, which sees to that. A waiter watches
 * its predecessor and no other child, and its own child once it has been woken. An attempt never waits on an orphan of this process.
 * Does not guarantee fairness in time: a waiter that is suspended keeps its place in line.
 */
import { lockMarker, lockPlace, type LockKind, type LockPlace } from './lock-order.ts'
import { ZooKeeperError, hasCode, isLinkFailure, isMaybeApplied, isNoNode, isZooKeeperError } from '../client/errors.ts'
import type { LockBook } from './lock-book.ts'
import { LockHandle } from './lock-handle.ts'
import { childPath } from '../client/paths.ts'
import { createProtected } from '../session/sequential.ts'
import type { OperationOptions, Session } from '../session/session.ts'

export { LockBook } from './lock-book.ts'
export { LockHandle } from './lock-handle.ts'
export type { LockKind } from './lock-order.ts'

/** Milliseconds an attempt that has failed still waits for its child to be gone, before leaving that to the book. */
const WITHDRAWAL_GRACE = 100

export interface LockOptions {
  /** The process's book of abandoned attempts: one for all locks of a process. */
  readonly book: LockBook
  readonly kind: LockKind
  /** Written into the child, for people. */
  readonly identifier: string
  /** Milliseconds from the call, for everything. Finite. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  /** Makes the lock's znode where there is none. By default it is made empty. */
  readonly make?: ((bounds: OperationOptions) => Promise<void>) | undefined
  /** Asked at each look at the line, the first and the winning one included: false gives the attempt up (`lock_abandoned`). */
  readonly onWake?: (() => Promise<boolean> | boolean) | undefined
}

/**
 * Takes the lock at `path`, whose znode is created if it is missing.
 *
 * Rejects with `lock_timeout`, `lock_abandoned`, `lock_unsettled` (an earlier attempt of this process is not gone yet),
 * `aborted`, `lock_lost` (our child was deleted while waiting), what `onWake` throws, or the reason why the session ended.
 */
export async function acquireLock (session: Session, path: string, options: LockOptions): Promise<LockHandle> {
  const { book, kind, timeout, signal } = options
  if (!Number.isFinite(timeout) || timeout < 0) throw new ZooKeeperError('invalid_argument', { op: 'lock', path, detail: 'timeout must be finite' })
  const { clock } = session
  const until = clock.monotonic() + timeout
  const left = (): number => until - clock.monotonic()
  const prefix = `${book.uuid()}${lockMarker(kind)}`
  let name: string | null = null
  book.begin(session, path, prefix)
  try {
    await book.settled(path, session, left(), signal)
    name = await createChild(session, path, prefix, options, left)
    return await waitForTurn(session, path, name, options, left)
  } catch (error) {
    const withdraw = (name !== null && !hasCode(error, 'lock_lost')) || (name === null && isMaybeApplied(error))
    if (withdraw && !(session.over && hasCode(session.lost.reason, 'session_expired'))) {
      await atMost(session, WITHDRAWAL_GRACE, book.add(session, path, prefix, name))
    }
    book.end(prefix)
    throw named(error, session, path, left())
  }
}

/** The failure as the caller is to see it: running out of time is a `lock_timeout`, whichever step noticed. */
function named (error: unknown, session: Session, path: string, left: number): unknown {
  if (!isZooKeeperError(error)) return error
  if (session.over) return session.lost.reason
  // Timers are cut to whole milliseconds, so the last one may be left over.
  if (isLinkFailure(error) && left <= 1) return new ZooKeeperError('lock_timeout', { op: 'lock', path, cause: error })
  return error
}

async function createChild (session: Session, path: string, prefix: string, options: LockOptions, left: () => number): Promise<string> {
  const create = async (): Promise<string> => await createProtected(session, path, prefix, options.identifier, { ephemeral: true, left, signal: options.signal })
  try {
    return await create()
  } catch (error) {
    if (!isNoNode(error) || isMaybeApplied(error)) throw error
    const bounds = { deadline: Math.max(1, left()), signal: options.signal }
    await (options.make?.(bounds) ?? session.ensurePath(path, bounds))
    return await create()
  }
}

/**
 * Resolves with the lock once our child has none in front of it. A contender that has been woken is most likely first by then, and asks for the line and
 * for its own child together, in this order: if the line shows it first, its child was read after that, and no round trip is spent on it.
 */
async function waitForTurn (session: Session, path: string, name: string, options: LockOptions, left: () => number): Promise<LockHandle> {
  for (let woken = false; ; woken = true) {
    if (options.signal?.aborted === true) throw new ZooKeeperError('aborted', { op: 'lock', path })
    if (left() <= 0) throw new ZooKeeperError('lock_timeout', { op: 'lock', path })
    const read = { deadline: Math.max(1, left()), signal: options.signal }
    try {
      await session.whenConnected(read)
      if (options.onWake !== undefined && !await options.onWake()) throw new ZooKeeperError('lock_abandoned', { op: 'lock', path })
      const line = session.children(path, read)
      const take = async (): Promise<LockHandle> => await LockHandle.take(session, path, name, options.kind, options.book, read.deadline)
      const taking = woken ? take() : null
      // Whether it failed is asked only if the line shows us first.
      taking?.catch(() => {})
      const place = await placeIn(line, name, options.kind, taking)
      if (place.place === 'holds') return await (taking ?? take())
      if (place.place === 'absent') throw new ZooKeeperError('lock_lost', { op: 'lock', path, detail: 'our child is gone' })
      await waitForChange(session, childPath(path, place.predecessor), options.signal, left)
    } catch (error) {
      // Out of contact our place in line is kept: look again when there is contact, until the time is up.
      if (!isLinkFailure(error) || session.over) throw error
    }
  }
}

/** Our place in the line; unless it is the first, no listener stays for what was taken. */
async function placeIn (line: Promise<{ readonly names: readonly string[] }>, name: string, kind: LockKind, taking: Promise<LockHandle> | null): Promise<LockPlace> {
  const leave = (): void => { taking?.then((handle) => handle.forget(), () => {}) }
  try {
    const place = lockPlace((await line).names, name, kind)
    if (place.place !== 'holds') leave()
    return place
  } catch (error) {
    leave()
    throw error
  }
}

/** Returns when `predecessor` has changed or is gone, when the session's state has changed, on abort, or when time is up. */
async function waitForChange (session: Session, predecessor: string, signal: AbortSignal | undefined, left: () => number): Promise<void> {
  let wake: () => void = () => {}
  const woken = new Promise<void>((resolve) => { wake = resolve })
  const listeners = [session.onWatch(predecessor, wake), session.onState(wake)]
  try {
    // `get`, because unlike `exists` it leaves no watch behind when the znode is gone already.
    await session.get(predecessor, { watch: true, deadline: Math.max(1, left()), signal })
    listeners.push(session.clock.after(Math.max(0, left()), wake))
    signal?.addEventListener('abort', wake, { once: true })
    if (signal?.aborted === true) wake()
    await woken
  } catch (error) {
    if (!isNoNode(error)) throw error
  } finally {
    signal?.removeEventListener('abort', wake)
    for (const listener of listeners) listener[Symbol.dispose]()
  }
}

async function atMost (session: Session, delay: number, work: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = session.clock.after(delay, resolve)
    void work.then(() => {
      timer[Symbol.dispose]()
      resolve()
    })
  })
}
