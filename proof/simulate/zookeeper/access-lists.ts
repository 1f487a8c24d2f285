/** What clients may do with a znode. Where nothing is denied, everything is permitted. */
import { parentPath } from '../../../src/zookeeper/client/paths.ts'
import type { Change, Znodes } from './znodes.ts'

/** Read, write, create children, delete children. */
export type Permission = 'r' | 'w' | 'c' | 'd'

export class AccessLists {
  readonly #allowed = new Map<string, string>()

  /** @param allowed the letters of what is permitted; null: everything */
  allow (path: string, allowed: string | null): void {
    if (allowed === null) this.#allowed.delete(path)
    else this.#allowed.set(path, allowed)
  }

  permits (path: string, permission: Permission): boolean {
    return this.#allowed.get(path)?.includes(permission) ?? true
  }

  /** A znode that does not exist denies nothing. */
  permitsChange (change: Change, znodes: Znodes): boolean {
    if (this.#allowed.size === 0) return true
    switch (change.op) {
      case 'create': return this.#permitsAt(parentPath(change.path), 'c', znodes)
      case 'create_all': return change.znodes.every(({ path }) => this.#permitsAt(parentPath(path), 'c', znodes))
      case 'delete_all': return change.znodes.every(({ path }) => znodes.get(path) === null || this.#permitsAt(parentPath(path), 'd', znodes))
      case 'delete': return znodes.get(change.path) === null || this.#permitsAt(parentPath(change.path), 'd', znodes)
      case 'set_guarded': return this.#permitsAt(change.path, 'w', znodes) && change.absent.every((path) => this.#permitsAt(parentPath(path), 'c', znodes) && this.#permitsAt(parentPath(path), 'd', znodes))
      case 'set': return this.#permitsAt(change.path, 'w', znodes)
      default: return true
    }
  }

  #permitsAt (path: string, permission: Permission, znodes: Znodes): boolean {
    return znodes.get(path) === null || this.permits(path, permission)
  }
}
