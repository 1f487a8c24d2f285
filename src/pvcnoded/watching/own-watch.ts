/**
 * What a node watches of itself: what is asked of its domains, and, on a hypervisor, whether a coordinator has judged it dead. It is all that a
 * hypervisor watches, so its watches and readings are as many in a cluster of ten nodes as in one of a thousand.
 *
 * Invariant: only znodes below `/nodes/<self>` are watched, and no `ClusterSnapshot` is made of them.
 */
import { daemonStateOf } from '../../core/model/states.ts'
import { nodePath } from '../../cluster/layout.ts'
import { UnreadableZnodes } from '../../cluster/unreadable-znodes.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { only } from '../../zookeeper/cache/session-source.ts'
import { ZnodeCache } from '../../zookeeper/cache/znode-cache.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { Zxid } from '../../zookeeper/client/connection.ts'

export interface OwnWatchOptions {
  readonly session: Session
  readonly clock: Clock
  readonly log: Logger
  readonly node: string
  /** Called when a coordinator has judged this node dead; null for a coordinator, which sees that in its view of the cluster. */
  readonly onJudged: (() => void) | null
}

/** Milliseconds between two verifications: only a watch that ZooKeeper has withheld is found so late. */
const PROBES = 5_000

export class OwnWatch implements Disposable {
  readonly #tree: ZnodeCache
  readonly #domainState: string

  constructor ({ session, clock, log, node, onJudged }: OwnWatchOptions) {
    const daemonState = nodePath(node, 'daemonstate')
    this.#domainState = nodePath(node, 'domainstate')
    const roots = onJudged === null ? [this.#domainState] : [this.#domainState, daemonState]
    this.#tree = new ZnodeCache({
      sessions: only(session),
      clock,
      roots,
      interest: (path) => ({ data: roots.includes(path), children: false }),
      probeInterval: PROBES,
      ...new UnreadableZnodes(log, clock).listeners,
    })
    if (onJudged !== null) this.#onChange(() => { if (isJudged(this.#tree.snapshot.get(daemonState)?.data)) onJudged() })
  }

  /** The wish for the domains of this node, and version and last write of the znode that says so; undefined where there is none. */
  get domainState (): { readonly data: string, readonly version: number, readonly written: Zxid } | undefined {
    const found = this.#tree.snapshot.get(this.#domainState)
    return found === undefined ? undefined : { data: found.data, version: found.stat.version, written: found.stat.mzxid }
  }

  /** Tells that `domainState` may have changed, and once when it has been read for the first time. */
  onDomainState (listener: () => void): Disposable {
    return this.#onChange(listener)
  }

  [Symbol.dispose] (): void {
    this.#tree.close()
  }

  #onChange (listener: () => void): Disposable {
    const subscription = this.#tree.onChange(() => listener())
    let over = false
    this.#tree.ready.then(() => { if (!over) listener() }, () => {})
    return {
      [Symbol.dispose]: () => {
        over = true
        subscription[Symbol.dispose]()
      },
    }
  }
}

const isJudged = (daemonState: string | undefined) => daemonStateOf(daemonState) === 'dead' || daemonStateOf(daemonState) === 'fenced'
