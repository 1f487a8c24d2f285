/** Who is primary, and the long-poll for a change of that. */
import { isTagIn, isWellFormed } from '../http/etag.ts'
import { SerializedReply } from '../fast-path/serialized-reply.ts'
import type { Primary } from '../../projection/switchovers.ts'
import type { ClusterCache } from './cluster-cache.ts'
import type { Client, Waiters } from './waiters.ts'

/** Differs whenever the reply does. Its number is the epoch. */
const tag = ({ epoch, settled, stale }: Primary): string => `"${epoch ?? 'none'}.${stale === true ? 'stale' : settled ? 1 : 0}"`

export class PrimaryService {
  readonly #view: ClusterCache
  readonly #waiters: Waiters
  #latest: { readonly primary: Primary, readonly stale: boolean, readonly reading: SerializedReply } | null = null

  constructor (view: ClusterCache, waiters: Waiters) {
    this.#view = view
    this.#waiters = waiters
  }

  /**
   * What there is to be said of the primary, as soon as it is other than the client knows it, or after `milliseconds`.
   * @param known the `If-None-Match` of the request
   */
  get (known: string | undefined, milliseconds: number, client: Client): SerializedReply | Promise<SerializedReply> {
    // Throws without a view: requests do not wait for one here.
    void this.#view.snapshot
    const now = this.#now()
    return milliseconds <= 0 || !isTagIn(known, now.etag) ? now : this.#other(known, milliseconds, client)
  }

  async #other (known: string | undefined, milliseconds: number, client: Client): Promise<SerializedReply> {
    const changed = await this.#waiters.until('primary', milliseconds, client, () => {
      const found = this.#now()
      return isTagIn(known, found.etag) ? null : found
    })
    return changed ?? this.#now()
  }

  #now (): SerializedReply {
    const { board: { primary }, stale } = this.#view
    if (this.#latest?.primary !== primary || this.#latest.stale !== stale) {
      const shown: Primary = stale ? Object.freeze({ ...primary, settled: false, stale }) : primary
      this.#latest = { primary, stale, reading: new SerializedReply(shown, tag(shown)) }
    }
    return this.#latest.reading
  }
}

const BARE_EPOCH = /^\s*(0|[1-9]\d{0,9})\s*$/
/** A tag of `tag` above; the epoch may stand alone in it. */
const OWN_TAG = /^\s*"(0|[1-9]\d{0,9})(?:\.(?:[01]|stale))?"\s*$/

/**
 * The epoch in an `If-Match`: an ETag of `/primary`, compared strongly, or its epoch alone as a plain decimal number. Null for `*`, undefined if it is neither.
 * @param present of a list the one that is taken, if it is there: a list holds as soon as one of its tags does
 */
export function expectedEpoch (header: string | undefined, present: number | null): number | null | undefined {
  if (header === undefined || header.trim() === '*') return null
  const bare = BARE_EPOCH.exec(header)?.[1]
  if (bare !== undefined) return Number(bare)
  if (!isWellFormed(header)) return undefined
  const epochs = header.split(',').map((each) => OWN_TAG.exec(each)?.[1]).filter((epoch) => epoch !== undefined).map(Number)
  return epochs.length === 0 ? undefined : epochs.find((epoch) => epoch === present) ?? Math.max(...epochs)
}
