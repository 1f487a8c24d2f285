/**
 * `/nodes/<n>/presence`: ephemeral, so it lives exactly as long as the session that made it. It is what keeps two daemons of one name
 * apart, and its renewal is the lease.
 */
import type { BrokenFence } from '../../core/model/fence-probe.ts'
import type { Failover } from '../../core/model/failover.ts'
import type { Backoff } from '../../core/model/member.ts'
import type { PublishedPreference } from '../../core/model/preference.ts'
import type { Readiness } from '../../core/model/readiness.ts'
import type { Clock } from '../../runtime/clock.ts'
import { hasCode, isNoNode, isNodeExists, isZooKeeperError, ZooKeeperError } from '../../zookeeper/client/errors.ts'
import { nodePath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { EndingCode } from '../endings.ts'

/** Another live daemon goes by this node's name: exit 78. */
export class NodeNameInUseError extends Error {
  readonly code = 'node_name_in_use' satisfies EndingCode
  constructor (node: string, owner: string) {
    super(`Another daemon goes by the name ${node} (ZooKeeper session 0x${owner}); stop it, or give this node a name of its own.`)
    this.name = 'NodeNameInUseError'
  }
}

export interface PresenceContent {
  /** `host:port` of this node's pvcapid, or null. */
  readonly api: string | null
  /** Seconds that a takeover and a relinquish here may need at most. */
  readonly takeover_time: number
  readonly relinquish_time: number
  /** What this node does about a dead peer. */
  readonly failover: Failover
  /** Whether it could acquire its resources; null until that is known, and while it does not matter. */
  readonly readiness: Readiness | null
  /** Until when it leaves the role to its peers; null if it does not. */
  readonly stands_back: Backoff | null
  /** Peers that it could not fence; null where it has not asked. */
  readonly broken_fences: readonly BrokenFence[] | null
  /** What it prefers of its part in the primary role; left out where that is the defaults. */
  readonly candidate?: PublishedPreference | undefined
  /** What it is configured to hold as primary; left out where there is nothing to compare. */
  readonly resources?: readonly string[] | undefined
  /** The last keepalive of the run before this one, if that was primary; left out otherwise. */
  readonly earlier_sign_at?: string | undefined
}

/** The owner of a persistent znode. */
const NO_SESSION = '0'

export interface ClaimOptions {
  readonly clock: Clock
  readonly node: string
  /** Whether a session was one of this very daemon. */
  readonly isOwn: (session: string) => boolean
  /** Told of each session that has to end first, and after how many milliseconds it counts as another daemon if it still writes keepalives. */
  readonly onWait: (session: string, patience: number) => void
}

export class Presence implements Disposable {
  readonly #session: Session
  readonly #path: string
  readonly #startedAt: string
  #data: string
  #version = 0
  #ended = false

  constructor (session: Session, node: string, content: PresenceContent, startedAt: string) {
    this.#session = session
    this.#path = nodePath(node, 'presence')
    this.#startedAt = startedAt
    this.#data = this.text(content)
  }

  /** Its text with this content. */
  text (content: PresenceContent): string {
    return JSON.stringify({ session: this.#session.id, start: this.#startedAt, ...content })
  }

  /** Publishes another `text`. Two writes at a time refuse one another, and are made again by their owners. */
  async publish (text: string, deadline: number): Promise<boolean> {
    this.#data = text
    return await this.renew(deadline)
  }

  /**
   * Creates it. One left by an earlier life goes with that life's session, which may last: each new leader of the ensemble renews all sessions, and an earlier life may
   * have had a longer time-out. One of another session is a daemon's that is alive, if the node's keepalive is written after twice the session time-out as well:
   * `NodeNameInUseError`. One of no session, as an imported tree has it, is replaced.
   */
  async claim ({ clock, node, isOwn, onWait }: ClaimOptions): Promise<void> {
    const patience = 2 * this.#session.negotiatedTimeout
    let until = clock.monotonic() + patience
    let keepalive: string | null | undefined
    let waitedFor = ''
    for (;;) {
      const owner = await this.#create()
      if (owner === null) return
      if (owner !== waitedFor) onWait(owner, patience)
      waitedFor = owner
      keepalive ??= await this.#keepaliveOf(node)
      let left = until - clock.monotonic()
      if (left <= 0) {
        if (!isOwn(owner) && await this.#keepaliveOf(node) !== keepalive) throw new NodeNameInUseError(node, owner)
        until += patience
        left += patience
      }
      await this.#gone(clock, left)
    }
  }

  /** The transaction of its last write; null if there is none. */
  async #keepaliveOf (node: string): Promise<string | null> {
    return (await this.#session.exists(nodePath(node, 'keepalive')))?.mzxid ?? null
  }

  /** Sets it again, which a quorum has to commit. True once it is committed and the znode is still ours. */
  async renew (deadline: number): Promise<boolean> {
    const first = await this.#set(deadline)
    // Out of contact for a moment, an earlier write may have been applied. Now that the version is known there is no time to lose.
    return first === 'bad_version' && await this.#findVersion(deadline) ? await this.#set(deadline) === 'done' : first === 'done'
  }

  /** Whether it is ours still. Rejects as the session does. */
  async isThere (): Promise<boolean> {
    return (await this.#session.exists(this.#path))?.ephemeralOwner === this.#session.id
  }

  /** Nothing is sent after this, not by a renewal in progress either. The znode goes with the session. */
  [Symbol.dispose] (): void { this.#ended = true }

  async #set (deadline: number): Promise<'done' | 'bad_version' | 'failed'> {
    if (this.#ended) return 'failed'
    try {
      const stat = await this.#session.set(this.#path, this.#data, this.#version, { deadline })
      this.#version = stat.version
      return 'done'
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      return error.code === 'bad_version' ? 'bad_version' : 'failed'
    }
  }

  /** null once it is ours, else the session that owns it. */
  async #create (): Promise<string | null> {
    try {
      await this.#session.create(this.#path, this.#data, { ephemeral: true })
      this.#version = 0
      return null
    } catch (error) {
      if (!isNodeExists(error)) throw error
    }
    const stat = await this.#session.exists(this.#path)
    if (stat === null) return await this.#create()
    if (stat.ephemeralOwner === NO_SESSION) {
      await this.#session.delete(this.#path, stat.version).catch((error: unknown) => {
        if (!hasCode(error, 'no_node', 'bad_version')) throw error
      })
      return await this.#create()
    }
    if (stat.ephemeralOwner !== this.#session.id) return stat.ephemeralOwner
    this.#version = stat.version
    return null
  }

  /** Waits until it has changed or gone, at most `ms`. */
  async #gone (clock: Clock, ms: number): Promise<void> {
    const lost = this.#session.lost
    let wake = () => {}
    const woken = new Promise<void>((resolve) => { wake = resolve })
    const watching = this.#session.onWatch(this.#path, wake)
    const timer = clock.after(ms, wake)
    lost.addEventListener('abort', wake, { once: true })
    try {
      if (await this.#session.exists(this.#path, { watch: true }) !== null) await woken
    } finally {
      watching[Symbol.dispose]()
      timer[Symbol.dispose]()
      lost.removeEventListener('abort', wake)
    }
    if (this.#session.over) throw lost.reason
  }

  /** Whether it is known now. */
  async #findVersion (deadline: number): Promise<boolean> {
    try {
      const { stat } = await this.#session.get(this.#path, { deadline })
      if (stat.ephemeralOwner !== this.#session.id) {
        this.#session.destroy(new ZooKeeperError('session_expired', { op: 'get', path: this.#path, detail: 'the presence of this node belongs to another session' }))
        return false
      }
      this.#version = stat.version
      return true
    } catch (error) {
      if (isNoNode(error)) {
        this.#session.destroy(new ZooKeeperError('session_expired', { op: 'get', path: this.#path, detail: 'the presence of this node is gone' }))
      } else if (!isZooKeeperError(error)) throw error
      return false
    }
  }
}
