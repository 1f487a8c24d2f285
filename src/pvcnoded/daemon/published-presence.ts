/**
 * What the presence of this node says, in parts that change at different times. Each change is written once it is known, and again if that failed;
 * nothing waits for it.
 */
import type { Clock } from '../../runtime/clock.ts'
import { LatestWriter } from '../../runtime/latest-writer.ts'
import type { Presence, PresenceContent } from './presence.ts'

/** Milliseconds for one write. */
const DEADLINE = 5_000

export class PublishedPresence implements Disposable {
  readonly #writer: LatestWriter
  readonly #presence: Presence
  #content: PresenceContent

  /** @param content what the presence was created with */
  constructor (clock: Clock, presence: Presence, content: PresenceContent) {
    this.#presence = presence
    this.#content = content
    this.#writer = new LatestWriter({ clock, write: async (text) => await presence.publish(text, DEADLINE) })
    this.#writer.assume(presence.text(content))
  }

  set (parts: Partial<PresenceContent>): void {
    this.#content = { ...this.#content, ...parts }
    this.#writer.put(this.#presence.text(this.#content))
  }

  [Symbol.dispose] (): void {
    this.#writer[Symbol.dispose]()
  }
}
