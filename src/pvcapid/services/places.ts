/**
 * Places for those who wait or follow: a bounded number of them, of which one client has its share, so that none can take them all. Each is held
 * until it is disposed of.
 */
import { ApiError, RETRY_AFTER } from '../errors/errors.ts'

export interface PlacesOptions {
  /** More than this many at once are refused. */
  readonly limit: number
  /** More than this many at once of one client are refused. */
  readonly perClient: number
  /** Who has them, as in "20 clients are waiting". */
  readonly what: string
  /** What a client may do instead. */
  readonly instead: string
}

export class Places {
  readonly #options: PlacesOptions
  readonly #byClient = new Map<string, number>()
  #size = 0

  constructor (options: PlacesOptions) {
    this.#options = options
  }

  /** How many are taken. */
  get size (): number { return this.#size }

  /**
   * @param client whose share it comes from; undefined: no client's
   * @throws ApiError `too_many_waiting`
   */
  take (client: string | undefined): Disposable {
    const { limit, perClient, what, instead } = this.#options
    const own = client === undefined ? 0 : this.#byClient.get(client) ?? 0
    if (this.#size >= limit) throw this.#refusal(`${this.#size} ${what} already; try again later, or ${instead}.`)
    if (own >= perClient) throw this.#refusal(`${own} ${what} from this client alone already, which is its share; end some of them, or ${instead}.`)
    this.#size += 1
    if (client !== undefined) this.#byClient.set(client, own + 1)
    let taken = true
    return {
      [Symbol.dispose]: () => {
        if (!taken) return
        taken = false
        this.#size -= 1
        if (client === undefined) return
        const left = (this.#byClient.get(client) ?? 1) - 1
        if (left === 0) this.#byClient.delete(client)
        else this.#byClient.set(client, left)
      },
    }
  }

  #refusal (message: string): ApiError {
    return new ApiError('too_many_waiting', message, { headers: { 'retry-after': RETRY_AFTER } })
  }
}
