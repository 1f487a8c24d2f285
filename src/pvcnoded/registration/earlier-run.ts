/**
 * When the run of this node before the present one was last known to hold the primary role: by its last keepalive, or where it had released something, by when it began
 * to. What says so is written over soon, so it is read before anything is written. For the record of the switchover that follows; nothing is decided on it.
 */
import { nodePath } from '../../cluster/layout.ts'
import { beganLastRelease } from '../../cluster/nodes/last-release.ts'
import { sureRead } from '../../cluster/certain-write.ts'
import { readZnode } from '../../cluster/reading.ts'
import { parseTransition } from '../../core/model/transition.ts'
import type { Session } from '../../zookeeper/session/session.ts'

export class EarlierRun {
  #sign: string | null = null
  /** The transaction of the transition that made the node primary then. */
  #takeover: string | null = null

  /** RFC 3339 by the ensemble's clock; null where it did not have the role, and where that is not known. */
  get sign (): string | null { return this.#sign }

  /** Reads it, before this run registers on `session`. */
  async look (session: Session, node: string): Promise<void> {
    const names = ['keepalive', 'transition', 'routerstate', 'daemonstate', 'resources'] as const
    const found = await sureRead(session, async () => await Promise.all(names.map(async (name) => await readZnode(session, nodePath(node, name)))))
    const [keepalive, transition, state, daemon, resources] = found ?? []
    const last = parseTransition(transition?.data)
    if (state?.data === 'secondary' && last?.direction === 'relinquish') {
      this.#sign = beganLastRelease(transition, resources) ?? state.modified
      return
    }
    if (state?.data === 'relinquish' && last?.direction === 'relinquish') {
      this.#sign = last.released.length > 0 ? state.modified : keepalive?.modified ?? null
      return
    }
    // A run that ended before its start had released everything leaves `primary` there, and a keepalive of its own.
    const isJudged = daemon?.data === 'dead' || daemon?.data === 'fenced'
    const wasPrimary = last?.direction === 'takeover' && daemon?.data !== 'init' &&
      // A fencer writes `secondary` over it, and a node that has rolled back as well, with what went wrong.
      (state?.data === 'primary' || (state?.data === 'secondary' && isJudged && last.error === null))
    // Of the same takeover as before: what the keepalive says now, this process has written since.
    if (!wasPrimary || transition?.mzxid === this.#takeover) return
    this.#takeover = transition?.mzxid ?? null
    this.#sign = keepalive?.modified ?? null
  }
}
