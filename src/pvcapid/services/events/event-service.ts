/** What the events route calls: opens a stream, and sees to it that a client that comes from another API is not sent back in time. */
import type { Contact } from '../contact.ts'
import { END, type EventFeed } from './event-feed.ts'
import type { EventSink } from './event-stream.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import type { Client } from '../waiters.ts'

export class EventService {
  readonly #feed: EventFeed
  readonly #view: ClusterCache
  readonly #contact: Contact

  constructor (feed: EventFeed, view: ClusterCache, contact: Contact) {
    this.#feed = feed
    this.#view = view
    this.#contact = contact
  }

  /**
   * @param lastId the id that the client has read up to; what is not one of ours is taken as none
   * @param start gives where the stream is written to, once it is certain that there will be one
   * @param client one that has closed its side is sent the present state, and the end
   */
  async open (lastId: string | undefined, start: () => EventSink, client: Client): Promise<void> {
    const known = lastId !== undefined && /^[0-9a-f]{16}$/.test(lastId) ? lastId : undefined
    if (known !== undefined && !this.#feed.knows(known)) await this.#contact.shared(this.#view.catchingUp, client)
    const fault = client.keyFault()
    if (fault !== null) throw fault
    const stream = this.#feed.open(known, start, client.identity)
    client.onceOver(() => stream.finish(END))
  }
}
