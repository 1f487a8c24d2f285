/** What a cache knows of paths beyond their entries: now, and as the last snapshot has it. */
import { PersistentMap } from './persistent-map.ts'

/**
 * `missing`: it has been read and is not there, or it cannot be read; it has no entry. `listing`: it has an entry, and the list of its children is still to
 * be read, or to be read again.
 */
export type Note = 'missing' | 'listing'

export class Notes {
  #now = PersistentMap.empty<Note>()
  #published = this.#now

  get published (): PersistentMap<Note> { return this.#published }

  publish (): void { this.#published = this.#now }

  listing (path: string): void { this.#now = this.#now.set(path, 'listing') }

  forget (path: string): void { this.#now = this.#now.delete(path) }

  /** @returns whether a reader of the last snapshot has to look again, though no znode has changed */
  listed (path: string): boolean {
    if (this.#now.get(path) !== 'listing') return false
    this.forget(path)
    return this.#published.has(path)
  }

  /** @returns as `listed` */
  missing (path: string): boolean {
    this.#now = this.#now.set(path, 'missing')
    return this.#published.get(path) !== 'missing'
  }
}
