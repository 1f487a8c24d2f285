/**
 * The listeners that are called when a watch on a path has fired. A large cluster has tens of thousands of watched paths with one listener each, so a subscription is
 * all that there is for one: no set for its path, and no closure of its own.
 */
import type { WatchKind } from './connection.ts'

export type WatchListener = (kind: WatchKind, path: string) => void

class Subscription implements Disposable {
  readonly #all: Map<string, Subscription>
  readonly #path: string
  readonly listener: WatchListener
  /** The next one of the same path. */
  next: Subscription | null = null

  constructor (all: Map<string, Subscription>, path: string, listener: WatchListener) {
    this.#all = all
    this.#path = path
    this.listener = listener
  }

  /** Idempotent. */
  [Symbol.dispose] (): void {
    const first = this.#all.get(this.#path)
    if (first !== this) return first?.unlink(this)
    if (this.next === null) this.#all.delete(this.#path)
    else this.#all.set(this.#path, this.next)
  }

  /** The last one from here on. */
  get last (): Subscription { return this.next === null ? this : this.next.last }

  unlink (gone: Subscription): void {
    if (this.next === gone) this.next = gone.next
    else this.next?.unlink(gone)
  }
}

export class WatchListeners {
  /** The first subscription of each path. */
  readonly #first = new Map<string, Subscription>()

  /** A listener that is added twice is told twice, and each is disposed of by itself. */
  add (path: string, listener: WatchListener): Disposable {
    const subscription = new Subscription(this.#first, path, listener)
    const first = this.#first.get(path)
    if (first === undefined) this.#first.set(path, subscription)
    else first.last.next = subscription
    return subscription
  }

  /** Tells, in the order in which they came, all who listen now: not who comes meanwhile. */
  tell (kind: WatchKind, path: string): void {
    const listeners: WatchListener[] = []
    for (let at = this.#first.get(path) ?? null; at !== null; at = at.next) listeners.push(at.listener)
    for (const listener of listeners) listener(kind, path)
  }

  clear (): void {
    this.#first.clear()
  }
}
