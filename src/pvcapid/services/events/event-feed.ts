/**
 * Server-sent events: `node`, `primary` and `switchover`, each with the object as its route serves it, and `resync` where some may be missing.
 *
 * An id is a transaction of ZooKeeper's: a client that has read up to it knows everything up to there, from whichever API. So a stream goes
 * on at another API where it ended: what happened since is sent again from a bounded history, or else `resync` and everything there is.
 * An event may come twice. Values that were replaced before they were read are never seen (`view.ts`).
 */
import type { Clock } from '../../../runtime/clock.ts'
import { EventStream, type EventSink } from './event-stream.ts'
import { serializedText } from '../../fast-path/serialized-reply.ts'
import type { ClusterCache, CacheChange } from '../cluster-cache.ts'
import { Places } from '../places.ts'

/** Events that are kept for those who come back. */
const HISTORY = 1_000
/** Switchovers that are part of the present state: the open ones among the newest, and at least the newest. */
const STATE_SWITCHOVERS = 10

/** The last event of a stream that the API ends. */
export const END = 'event: end\ndata: {}\n\n'

type EventName = 'node' | 'primary' | 'switchover'
interface FeedEvent { readonly name: EventName, readonly data: object }
interface Kept {
  readonly text: string
  /** A client that has read up to here does not need it. */
  readonly batch: string
}

export interface EventFeedOptions {
  readonly view: ClusterCache
  readonly clock: Clock
  /** More streams than this at once are refused, and more of one client. */
  readonly limit: number
  readonly perClient: number
}

const eventText = (id: string, name: string, data: string) => `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`

export class EventFeed implements Disposable {
  readonly #options: EventFeedOptions
  readonly #streams = new Set<EventStream>()
  readonly #places: Places
  readonly #subscription: Disposable
  #history: Kept[] = []
  /** Everything up to here is known to a client that has read all events. */
  #id = ''
  /** The present state, for all who are sent it. */
  #state: { readonly snapshot: object, readonly bytes: Buffer } | null = null
  /** A client that has read less than up to here has missed something that is not in the history. */
  #floor = ''

  constructor (options: EventFeedOptions) {
    this.#options = options
    this.#places = new Places({ limit: options.limit, perClient: options.perClient, what: 'event streams are open', instead: 'poll' })
    this.#subscription = options.view.onChange((change) => this.#onChange(change))
  }

  /** How many streams are open. */
  get size (): number { return this.#streams.size }

  /** Whether an API that has seen no more than this one can have given out `id`. */
  knows (id: string): boolean { return id <= this.#id }

  /**
   * A new stream: of what happened since `lastId`, or of everything there is now, and then of what happens.
   * @param start gives where it is written to; called once it is certain that there will be a stream
   * @param client whose share of the streams it comes from
   * @throws ApiError `zookeeper_unavailable` before there is a view, `too_many_waiting`
   */
  open (lastId: string | undefined, start: () => EventSink, client?: string): EventStream {
    void this.#options.view.snapshot
    const place = this.#places.take(client)
    let sink: EventSink
    try {
      sink = start()
    } catch (error) {
      place[Symbol.dispose]()
      throw error
    }
    const stream: EventStream = new EventStream(sink, {
      clock: this.#options.clock,
      state: () => this.#resync(),
      onEnd: () => {
        this.#streams.delete(stream)
        place[Symbol.dispose]()
      },
    })
    if (stream.ended) place[Symbol.dispose]()
    else this.#streams.add(stream)
    stream.send('retry: 1000\n\n')
    stream.send(this.#since(lastId))
    return stream
  }

  /** Tells every stream that it ends here, and ends it: the client is to come back, to this API or another. */
  end (): void {
    for (const stream of [...this.#streams]) stream.finish(END)
  }

  [Symbol.dispose] (): void {
    this.#subscription[Symbol.dispose]()
    this.end()
  }

  #onChange ({ snapshot, topics }: CacheChange): void {
    const nodes = snapshot.changedNodes
    const before = this.#id
    this.#id = snapshot.zxid
    const isFirst = before === ''
    if (isFirst) this.#floor = this.#id
    // That something is gone cannot be told by an object; ids that went back are those of another ensemble.
    if (isFirst || this.#id < before || nodes.some((name) => snapshot.node(name) === undefined)) {
      this.#history = []
      this.#floor = this.#id
      for (const stream of this.#streams) stream.send(this.#resync())
      return
    }
    const events = this.#events(nodes, topics)
    if (events.length === 0) return
    // Only with the last of them is everything up to the new id known.
    const texts = events.map(({ name, data }, index) => eventText(index === events.length - 1 ? this.#id : before, name, serializedText(data)))
    for (const text of texts) this.#keep({ text, batch: this.#id })
    const together = texts.join('')
    for (const stream of this.#streams) stream.send(together)
  }

  #events (nodes: readonly string[], topics: readonly string[]): readonly FeedEvent[] {
    const { snapshot, board } = this.#options.view
    const found: FeedEvent[] = []
    for (const name of nodes) {
      const node = snapshot.node(name)
      if (node !== undefined) found.push({ name: 'node', data: node.reply })
    }
    for (const topic of topics) {
      const switchover = topic.startsWith('switchover/') ? board.get(Number(topic.slice('switchover/'.length))) : null
      if (switchover !== null) found.push({ name: 'switchover', data: switchover })
    }
    if (topics.includes('primary')) found.push({ name: 'primary', data: board.primary })
    return found
  }

  #keep (event: Kept): void {
    this.#history.push(event)
    if (this.#history.length <= HISTORY) return
    const dropped = this.#history.shift()
    if (dropped !== undefined) this.#floor = dropped.batch
  }

  #since (lastId: string | undefined): string | Buffer {
    if (lastId === undefined || lastId < this.#floor || lastId > this.#id || lastId.length !== this.#id.length) return this.#resync()
    return this.#history.filter(({ batch }) => batch > lastId).map(({ text }) => text).join('')
  }

  /** `resync`, and the present state in events of its own; the id comes with the last of them. Made once for all who are sent it. */
  #resync (): Buffer {
    const { snapshot } = this.#options.view
    if (this.#state?.snapshot !== snapshot) this.#state = { snapshot, bytes: Buffer.from(this.#stateText()) }
    return this.#state.bytes
  }

  #stateText (): string {
    const { snapshot, board } = this.#options.view
    const state: FeedEvent[] = [
      ...snapshot.nodes.map((data): FeedEvent => ({ name: 'node', data })),
      ...board.newest(STATE_SWITCHOVERS).filter(({ done }, index) => index === 0 || !done).reverse().map((data): FeedEvent => ({ name: 'switchover', data })),
    ]
    const first = 'event: resync\ndata: {}\n\n'
    const texts = state.map(({ name, data }) => `event: ${name}\ndata: ${serializedText(data)}\n\n`)
    return `${first}${texts.join('')}${eventText(this.#id, 'primary', serializedText(board.primary))}`
  }
}
