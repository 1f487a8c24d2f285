/**
 * This node's own znodes, written at the version this node last wrote. The write of another program (a fencer's) is never overwritten:
 * the write is refused, and the daemon starts a new life.
 */
import { isNoNode, isNodeExists, isZooKeeperError } from '../../zookeeper/client/errors.ts'
import { nodePath, type NodeKey } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import { readZnode } from '../../cluster/reading.ts'
import type { Znode } from '../../core/model/znode.ts'
import { sureCreate, sureRead, sureSet, type WriteOutcome } from '../../cluster/certain-write.ts'
import type { Zxid } from '../../zookeeper/client/connection.ts'

export class OwnZnodes {
  readonly session: Session
  readonly #node: string
  /** Version by name; -1 for one that does not exist yet. */
  readonly #versions = new Map<NodeKey, number>()
  /** The transaction that made each, once it has been read: one that is deleted and made again counts its versions from 0 again. */
  readonly #made = new Map<NodeKey, Zxid>()
  readonly #writing = new Set<NodeKey>()

  constructor (session: Session, node: string) {
    this.session = session
    this.#node = node
  }

  /** Takes the znodes as they are now as the ones to be written over. */
  async adopt (names: readonly NodeKey[]): Promise<ReadonlyMap<NodeKey, Znode | undefined>> {
    const found = await Promise.all(names.map(async (name) => {
      const znode = await readZnode(this.session, nodePath(this.#node, name))
      this.#versions.set(name, znode?.version ?? -1)
      if (znode === undefined) this.#made.delete(name)
      else this.#made.set(name, znode.czxid)
      return [name, znode] as const
    }))
    return new Map(found)
  }

  /**
   * Whether one of these znodes is not as this incarnation has written or found it: `older`, as after a restore, or `changed` or deleted by another program. A
   * write in progress is no other program's. Rejects as the session does.
   */
  async difference (names: readonly NodeKey[]): Promise<'older' | 'changed' | null> {
    const found = await Promise.all(names.map(async (name) => {
      const version = this.#versions.get(name) ?? -1
      if (version === -1 || this.#writing.has(name)) return null
      const stat = await this.session.exists(nodePath(this.#node, name))
      if (this.#writing.has(name) || this.#versions.get(name) !== version) return null
      if (stat?.version === version && (this.#made.get(name) ?? stat.czxid) === stat.czxid) {
        this.#made.set(name, stat.czxid)
        return null
      }
      return stat !== null && stat.version < version ? 'older' : 'changed'
    }))
    return found.find((each) => each === 'older') ?? found.find((each) => each !== null) ?? null
  }

  /** Writes one of them, and finds out what became of it; `refused` if another program has written it since, before this or after. */
  async write (name: NodeKey, value: string): Promise<Exclude<WriteOutcome, 'overwritten'>> {
    const path = nodePath(this.#node, name)
    const version = this.#versions.get(name) ?? -1
    this.#writing.add(name)
    try {
      const outcome = version === -1 ? await sureCreate(this.session, path, value) : await sureSet(this.session, path, value, version)
      if (outcome === 'done') this.#versions.set(name, version + 1)
      return outcome === 'overwritten' ? 'refused' : outcome
    } finally {
      this.#writing.delete(name)
    }
  }

  /** Writes one that no other program has a reason to write, whatever is there, and finds out what became of it; never `refused`. */
  async writeSurely (name: NodeKey, value: string): Promise<Exclude<WriteOutcome, 'refused' | 'overwritten'>> {
    for (;;) {
      const adopted = await sureRead(this.session, async () => { await this.adopt([name]); return true })
      if (adopted === null) return 'failed'
      const outcome = await this.write(name, value)
      if (outcome !== 'refused') return outcome
    }
  }

  /**
   * Writes one that no other program has a reason to write, in one try within `deadline` milliseconds; false if that failed. After a failure the
   * next try looks first at what version there is.
   */
  async writeOnce (name: NodeKey, value: string, deadline: number): Promise<boolean> {
    const path = nodePath(this.#node, name)
    try {
      const version = this.#versions.get(name) ?? (await this.session.exists(path, { deadline }))?.version ?? -1
      this.#versions.delete(name)
      if (version === -1) await this.session.create(path, value, { deadline })
      else await this.session.set(path, value, version, { deadline })
      this.#versions.set(name, version + 1)
      return true
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      return false
    }
  }

  /** Makes one with a first value if there is none. */
  async provide (name: NodeKey, value: string): Promise<void> {
    try {
      await this.session.create(nodePath(this.#node, name), value)
    } catch (error) {
      if (!isNodeExists(error)) throw error
    }
  }

  /** Writes one unless it reads so already. */
  async keep (name: NodeKey, value: string): Promise<void> {
    const path = nodePath(this.#node, name)
    try {
      const { data, stat } = await this.session.get(path)
      if (data !== value) await this.session.set(path, value, stat.version)
    } catch (error) {
      if (!isNoNode(error)) throw error
      await this.provide(name, value)
    }
  }
}
