/** One API: a typed client of it, and whether it can be asked. */
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './api.d.ts'
import { ConnectionFailure, type Bounds, type Transport } from './transport.ts'

export type ApiClient = Client<paths>
export type Schemas = components['schemas']

export type Health =
  /** In contact with ZooKeeper. */
  | { readonly kind: 'ready' }
  /** It answers from what it knew last, or is stopping. */
  | { readonly kind: 'stale', readonly why: string }
  | { readonly kind: 'dead', readonly why: string }

export class Endpoint {
  readonly url: string
  readonly #key: string | null
  readonly #transport: Transport

  constructor (url: string, key: string | null, transport: Transport) {
    this.url = url
    this.#key = key
    this.#transport = transport
  }

  /** A client whose requests have these bounds. */
  client (bounds: Bounds): ApiClient {
    return createClient<paths>({
      baseUrl: this.url,
      ...this.#key === null ? {} : { headers: { 'X-Api-Key': this.#key } },
      fetch: async (request) => await this.#transport.fetch(request, bounds),
    })
  }

  /** Never rejects. */
  async health (bounds: Bounds): Promise<Health> {
    try {
      const { data, error, response } = await this.client(bounds).GET('/health/ready')
      if ((data as Partial<Schemas['Health']> | null | undefined)?.status === 'ok') return { kind: 'ready' }
      const said = error as Partial<Schemas['Health']> | null | undefined
      if (response.status === 503 && Array.isArray(said?.reasons)) return { kind: 'stale', why: said.reasons.join(' ') }
      return { kind: 'dead', why: `is no pvcapid: it answers /health/ready with ${response.status}` }
    } catch (error) {
      if (error instanceof ConnectionFailure) return { kind: 'dead', why: error.message }
      if (error instanceof SyntaxError) return { kind: 'dead', why: 'is no pvcapid: it answers /health/ready with something else than JSON' }
      return { kind: 'dead', why: `could not be asked: ${String(error)}` }
    }
  }
}
