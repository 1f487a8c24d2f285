/**
 * Writes what the collectors say into PVC's znodes, each text only when it has changed since this session wrote it. A write that fails is
 * made again with the next reading; the keepalive reports lost contact, so the publisher does not log it. What another program has changed or deleted
 * is put back: PVC's `pvchealthd` writes the same znodes, if it still runs on this node. A late write of this daemon's own, on an earlier session, is put right without a word.
 *
 * Invariant: one write of a path at a time, and the newest text last; a check is in the list of checks only once its own texts are written.
 */
import { checkNames, checkTexts, healthOf, type CheckState } from '../../core/pvc/health.ts'
import { put } from '../../cluster/put.ts'
import { isNoNode, isZooKeeperError } from '../../zookeeper/client/errors.ts'
import { nodePath } from '../../cluster/layout.ts'
import { childPath, parentPath } from '../../zookeeper/client/paths.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { Collected } from './collection.ts'

/** Texts of one path by which a late write of this daemon's own is known. */
const REMEMBERED = 4

/** @param checks the names of the collectors that are checks; any other one is shown as a check only while its value is old */
export class CollectedPublisher {
  readonly #node: string
  readonly #checks: ReadonlySet<string>
  readonly #session: Session
  readonly #written = new Map<string, string>()
  /** Path → the text that is to stand there. */
  readonly #wanted = new Map<string, string>()
  readonly #writing = new Map<string, Promise<void>>()
  readonly #running = new Set<Promise<void>>()
  #latest: readonly Collected[] = []
  /** Checks whose texts have been written, or tried. */
  readonly #known = new Set<string>()
  readonly #onOverwritten: (path: string) => void
  /** Path → the last texts that this daemon has written there, on whatever session. */
  readonly #own: Map<string, readonly string[]>
  #stopped = false

  /**
   * @param onOverwritten called with the path of each text that another program has overwritten
   * @param before the publisher of this daemon's session before
   */
  constructor (session: Session, node: string, checks: Iterable<string>, onOverwritten: (path: string) => void = () => {}, before: CollectedPublisher | null = null) {
    this.#own = before === null ? new Map() : before.#own
    this.#onOverwritten = onOverwritten
    this.#session = session
    this.#node = node
    this.#checks = new Set(checks)
  }

  /** Writes nothing more; resolves once every write in progress has come to its end. */
  async stop (): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }

  /** Resolves once every write has come to its end. */
  async publish (collected: Collected, all: readonly Collected[]): Promise<void> {
    if (this.#stopped) return
    const writing = this.#publish(collected, all)
    this.#running.add(writing)
    await writing
    this.#running.delete(writing)
  }

  /** Whether this publisher writes the znode. */
  has (path: string): boolean {
    return this.#wanted.has(path)
  }

  /** Puts back what another program has changed or deleted, and resolves once that is done: the texts of the checks before the list that names them. */
  async restore (): Promise<void> {
    if (this.#stopped) return
    const restoring = this.#restore()
    this.#running.add(restoring)
    await restoring
    this.#running.delete(restoring)
  }

  async #restore (): Promise<void> {
    const [folder, lists] = [nodePath(this.#node, 'monitoring_data'), [nodePath(this.#node, 'monitoring_plugins'), nodePath(this.#node, 'monitoring_health')]]
    const shown = new Set(this.#shown().map(({ name }) => childPath(folder, name)))
    // The texts of a check that is not shown any more are left as they are.
    const isShown = (path: string) => !path.startsWith(`${folder}/`) || shown.has(path) || shown.has(parentPath(path))
    const texts = [...this.#written.keys()].filter((path) => isShown(path) && !lists.includes(path))
    for (const paths of [texts, lists]) {
      await Promise.all(paths.map(async (path) => await this.#look(path)))
      if (this.#stopped) return
      await Promise.all(paths.map(async (path) => {
        const wanted = this.#wanted.get(path)
        if (wanted !== undefined && !this.#written.has(path)) await this.#write(path, wanted)
      }))
    }
  }

  async #publish (collected: Collected, all: readonly Collected[]): Promise<void> {
    this.#latest = all
    const own = this.#shown().find((check) => check.name === collected.name)
    if (own !== undefined) {
      await this.#lookAtCheck(own)
      await this.#publishCheck(own)
      this.#known.add(own.name)
    }
    const [list, health] = [nodePath(this.#node, 'monitoring_plugins'), nodePath(this.#node, 'monitoring_health')]
    await Promise.all([list, health].map(async (path) => await this.#look(path)))
    // As they are by now: other collectors may have answered while this one's texts were written.
    const shown = this.#shown()
    await Promise.all([
      ...Object.entries(collected.fault === null ? collected.reading?.znodes ?? {} : {}).map(async ([key, text]) => await this.#write(`${nodePath(this.#node)}/${key}`, text)),
      this.#write(list, checkNames(shown.filter(({ name }) => this.#known.has(name)))),
      this.#write(health, String(healthOf(shown))),
    ])
  }

  #shown (): readonly CheckState[] {
    return shownChecks(this.#latest, this.#checks)
  }

  async #publishCheck (check: CheckState): Promise<void> {
    const folder = childPath(nodePath(this.#node, 'monitoring_data'), check.name)
    await this.#write(folder, check.name)
    await Promise.all(Object.entries(checkTexts(check)).map(async ([name, text]) => await this.#write(childPath(folder, name), text)))
  }

  async #lookAtCheck (check: CheckState): Promise<void> {
    const folder = childPath(nodePath(this.#node, 'monitoring_data'), check.name)
    await Promise.all([folder, ...Object.keys(checkTexts(check)).map((name) => childPath(folder, name))].map(async (path) => await this.#look(path)))
  }

  /** A text that is not the one that was written here last is forgotten, and so written again. */
  async #look (path: string): Promise<void> {
    const written = this.#written.get(path)
    if (written === undefined || this.#writing.has(path)) return
    try {
      const { data } = await this.#session.get(path)
      if (data === written || this.#written.get(path) !== written || this.#writing.has(path)) return
      this.#written.delete(path)
      if (this.#own.get(path)?.includes(data) !== true) this.#onOverwritten(path)
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      if (isNoNode(error)) this.#written.delete(path)
    }
  }

  /** Resolves once `text`, or a newer one, is written or could not be. */
  async #write (path: string, text: string): Promise<void> {
    this.#wanted.set(path, text)
    let writing = this.#writing.get(path)
    if (writing === undefined) {
      writing = this.#writeUntilNewest(path).finally(() => this.#writing.delete(path))
      this.#writing.set(path, writing)
    }
    await writing
  }

  async #writeUntilNewest (path: string): Promise<void> {
    for (let text = this.#wanted.get(path); text !== undefined && text !== this.#written.get(path); text = this.#wanted.get(path)) {
      try {
        this.#own.set(path, [...(this.#own.get(path) ?? []).filter((own) => own !== text), text].slice(-REMEMBERED))
        await put(this.#session, path, text)
        this.#written.set(path, text)
      } catch (error) {
        this.#written.delete(path)
        if (!isZooKeeperError(error)) throw error
        return
      }
    }
  }
}

const shownChecks = (all: readonly Collected[], checks: ReadonlySet<string>): readonly CheckState[] =>
  all.filter((each) => checks.has(each.name) || each.fault !== null).map(checkState)

/** The node's health in percent, as it is published. @param checks as above */
export const collectedHealth = (all: readonly Collected[], checks: ReadonlySet<string>): number => healthOf(shownChecks(all, checks))

function checkState ({ name, reading, fault, at, took }: Collected): CheckState {
  const check = reading?.check ?? null
  return {
    name,
    healthDelta: check?.healthDelta ?? (reading === null ? null : 0),
    message: check?.message ?? '',
    data: check?.data ?? null,
    lastRun: at === null ? null : Math.floor(Date.parse(at) / 1000),
    runtime: took / 1000,
    fault,
  }
}
