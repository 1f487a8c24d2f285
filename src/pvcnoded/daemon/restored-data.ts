/**
 * Looks after each reconnection whether ZooKeeper still has what this life has published. Servers that were restored from a backup may take a session that
 * was open in it, and peers would go by what this node was then.
 *
 * Guarantees: a life whose presence is missing, or any of whose states is older than it knows, is told so. `exists` needs no permission.
 * Does not guarantee that older data of others are noticed: each node sees to its own.
 */
import { sureRead } from '../../cluster/certain-write.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { OwnZnodes } from './own-znodes.ts'
import type { Presence } from './presence.ts'

/** What peers go by. */
const published = ['daemonstate', 'routerstate', 'transition'] as const

export function onRestoredData (session: Session, presence: Presence, own: OwnZnodes, tell: () => void): Disposable {
  const isRestored = async () => !await presence.isThere() || await own.isOlder(published)
  return session.onState((state) => {
    if (state !== 'connected') return
    sureRead(session, async () => ({ restored: await isRestored() })).then((found) => { if (found?.restored === true) tell() }, (error: unknown) => { if (!isZooKeeperError(error)) throw error })
  })
}
