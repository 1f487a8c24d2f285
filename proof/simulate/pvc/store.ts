/**
 * How PVC's daemon uses ZooKeeper: it writes its values over whatever is there, and repeats a request whose connection was lost for as long as its session
 * lives. A request on a session that is over rejects.
 */
import { isLinkFailure, isNodeExists, isNoNode } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'

export class PvcStore {
  readonly session: Session

  constructor (session: Session) {
    this.session = session
  }

  async read (path: string): Promise<string | null> {
    return await this.#repeated(async () => {
      try {
        return (await this.session.get(path)).data
      } catch (error) {
        if (isNoNode(error)) return null
        throw error
      }
    })
  }

  async put (path: string, value: string): Promise<void> {
    await this.#repeated(async () => {
      try {
        await this.session.set(path, value, ANY_VERSION)
      } catch (error) {
        if (!isNoNode(error)) throw error
        await this.#make(path, value)
      }
    })
  }

  async children (path: string): Promise<readonly string[]> {
    return await this.#repeated(async () => (await this.session.children(path)).names)
  }

  /** Sets a watch on `path`, whether that exists or not: the session's `onWatch` reports its next change. */
  async watch (path: string): Promise<void> {
    await this.#repeated(async () => { await this.session.exists(path, { watch: true }) })
  }

  async ensure (path: string): Promise<void> {
    await this.#repeated(async () => { await this.session.ensurePath(path) })
  }

  async #make (path: string, value: string): Promise<void> {
    try {
      await this.session.create(path, value)
    } catch (error) {
      if (!isNodeExists(error)) throw error
      await this.session.set(path, value, ANY_VERSION)
    }
  }

  async #repeated<T> (work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        await this.session.whenConnected()
        return await work()
      } catch (error) {
        if (this.session.over || !isLinkFailure(error)) throw error
      }
    }
  }
}
