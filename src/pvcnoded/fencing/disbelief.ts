/**
 * Keeps, of PVC nodes, which coordinator state is a fencer's word. While the node is dead that is seen by the order of the two writes; once its keepalive
 * writes `run` again it is not, although the node may hold everything as before. So each coordinator writes it down as soon as it sees it, in
 * the node's `disbelieved`, which means nothing any more once the node has written a state itself.
 *
 * Does not guarantee it where no coordinator of ours has seen the node dead: then the node's znodes do not tell the two cases apart.
 */
import { disbelief, type Member } from '../../core/model/member.ts'
import { sureCreate, sureSet } from '../../cluster/certain-write.ts'
import { nodePath } from '../../cluster/layout.ts'
import { readZnode } from '../../cluster/reading.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'

export interface DisbeliefsOptions {
  readonly self: string
  readonly session: Session
  readonly clock: Clock
  readonly log: Logger
  readonly members: () => readonly Member[]
}

export class Disbeliefs {
  readonly #options: DisbeliefsOptions
  /** Of each node, the stamp that was seen to; one at a time. */
  readonly #done = new Map<string, string>()
  readonly #busy = new Set<string>()

  constructor (options: DisbeliefsOptions) {
    this.#options = options
  }

  /** To be called with every view. A state that any coordinator has written down already is not read again. */
  consider (): void {
    const { log } = this.#options
    for (const member of this.#options.members()) {
      const { name, ours, fencersWord, stamp } = member
      if (ours || !fencersWord || this.#done.get(name) === stamp || this.#busy.has(name)) continue
      this.#busy.add(name)
      void this.#writeDown(member).then((isDone) => { if (isDone) this.#done.set(name, stamp) }, (error: unknown) => {
        if (!isZooKeeperError(error)) throw error
        // The next look finds it as it was.
        log.debug({ err: error, peer: name }, `that ${name} is taken for a holder could not be written down yet`)
      }).finally(() => this.#busy.delete(name))
    }
  }

  /** Resolves with false if a later look has to see to it. */
  async #writeDown ({ name, stamp, coordinatorState }: Member): Promise<boolean> {
    const { self, session, clock, log } = this.#options
    const [state, daemon, written] = await Promise.all((['routerstate', 'daemonstate', 'disbelieved'] as const).map(async (child) => await readZnode(session, nodePath(name, child))))
    const [seenState, seenDaemon, seenDisbelief] = stamp.split('/')
    // Written by the node since, or written down already.
    if (state === undefined || daemon === undefined || state.mzxid !== seenState || seenDisbelief === seenState) return true
    // Dead as it was seen, or back since: a daemon state that was written between the two would make it the node's own word.
    if (daemon.mzxid !== seenDaemon && daemon.mzxid < state.mzxid) return true
    const text = disbelief(state.mzxid, self, clock.wall())
    const path = nodePath(name, 'disbelieved')
    const outcome = written === undefined ? await sureCreate(session, path, text) : await sureSet(session, path, text, written.version)
    if (outcome !== 'done') return false
    log.warn({ peer: name }, `${name} counts as a holder: its coordinator state (${coordinatorState ?? 'unreadable'}) was written over "dead", by a fencer and not by the node. It does so until it is fenced and that is confirmed, or until its daemon writes a state itself`)
    return true
  }
}
