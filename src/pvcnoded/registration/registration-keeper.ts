/**
 * Puts back what the registration has written, once another program has changed or deleted it: PVC's daemons end at a node without an `activeschema`, and
 * a PVC daemon that once ran on this node may have left its version or its mode behind.
 *
 * Guarantees: in a newer layout nothing is written; one look at a time; nothing is written after `stop` has resolved. A text is said to be overwritten only
 * if this daemon has written it, or found it as it is to be, on this session: what an earlier run left behind is replaced without a word.
 */
import { nodePath, type NodeKey } from '../../cluster/layout.ts'
import { readZnode } from '../../cluster/reading.ts'
import { hasCode, isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import { firstValues, isFigure, readSchema } from './registration.ts'

export interface RegistrationKeeperOptions {
  readonly session: Session
  readonly node: string
  /** What the registration has written, but for the version of the layout in use: that is taken as it is found first. */
  readonly texts: ReadonlyArray<readonly [NodeKey, string]>
  /** Whether a znode has another writer in this daemon, which sees to it. */
  readonly isElsewhere: (path: string) => boolean
  /** Whether a collector writes this figure, or may come to write it: then the last figure stays until it does. */
  readonly mayBeCollected: (key: NodeKey) => boolean
  /** Called with the path of a text that another program has overwritten. */
  readonly onOverwritten: (path: string) => void
}

export class RegistrationKeeper {
  readonly #options: RegistrationKeeperOptions
  #active: string | null = null
  /** Texts that this daemon has put there, or seen there. */
  readonly #settled: Set<NodeKey>
  #looking: Promise<void> | null = null
  #stopped = false

  constructor (options: RegistrationKeeperOptions) {
    this.#options = options
    // The registration has written these.
    this.#settled = new Set(options.texts.map(([key]) => key))
  }

  /** Resolves once the look, or the one in progress, is over. A write that fails is made again at the next look. */
  async look (): Promise<void> {
    if (this.#stopped) return
    this.#looking ??= this.#look().catch((error: unknown) => {
      if (!isZooKeeperError(error)) throw error
    }).finally(() => { this.#looking = null })
    await this.#looking
  }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#looking
  }

  async #look (): Promise<void> {
    const { session, node, texts, isElsewhere, mayBeCollected } = this.#options
    if (this.#active === null) this.#active = (await readZnode(session, nodePath(node, 'activeschema')))?.data ?? null
    const kept = this.#active === null ? texts : [...texts, ['activeschema', this.#active] as const]
    const found = await Promise.all([...kept.map(([key, text]) => ({ key, text, isFirst: false, isText: true })), ...firstValues.map(([key, text]) => ({ key, text, isFirst: !isFigure(key), isText: false }))]
      .filter(({ key }) => !isElsewhere(nodePath(node, key)))
      .map(async (wanted) => ({ ...wanted, znode: await readZnode(session, nodePath(node, wanted.key)) })))
    for (const { key, text, znode } of found) if (znode?.data === text) this.#settled.add(key)
    const changed = found.filter(({ key, znode, text, isFirst, isText }) => znode === undefined || (!isFirst && znode.data !== text && (isText || !mayBeCollected(key))))
    if (changed.length === 0 || (await readSchema(session)).newer !== null || this.#stopped) return
    await Promise.all(changed.map(async ({ key, text, znode }) => {
      const path = nodePath(node, key)
      // A collector of this daemon may have begun to write it meanwhile.
      if (isElsewhere(path)) return
      try {
        if (znode === undefined) await session.create(path, text)
        else await session.set(path, text, znode.version)
      } catch (error) {
        // Another write came between, which the next look judges.
        if (!hasCode(error, 'node_exists', 'bad_version', 'no_node')) throw error
        return
      }
      if (znode !== undefined && this.#settled.has(key)) this.#options.onOverwritten(path)
      this.#settled.add(key)
    }))
  }
}
