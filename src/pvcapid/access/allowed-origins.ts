/**
 * Which web pages may use this API, and what their browsers are told (CORS, Fetch Standard): exact origins from `pvc.api.allowed_origins`, none by
 * default. Not the framework's plugin: readings are sent past the framework's headers, and a method that a route lacks stays 405.
 */

const EXPOSED = 'ETag, Location, X-View-Age, X-View-Stale, Retry-After, X-Request-Id'
const METHODS = 'GET, HEAD, POST, PUT, DELETE'
const REQUEST_HEADERS = 'X-Api-Key, Content-Type, If-Match, If-None-Match, Last-Event-ID, X-Request-Id'
/** Seconds for which a browser may keep the answer to a preflight. */
const PREFLIGHT_KEPT = '600'

/** The origin in the form in which browsers send it, or null if `text` is not an origin of a web page. */
export function originOf (text: string): string | null {
  try {
    const url = new URL(text)
    return (url.protocol === 'http:' || url.protocol === 'https:') && /^[\w.[\]:-]+$/.test(url.host) && url.origin === text.toLowerCase().replace(/\/$/, '') ? url.origin : null
  } catch {
    return null
  }
}

export class AllowedOrigins {
  readonly #replies: ReadonlyMap<string, readonly string[]>

  constructor (origins: readonly string[]) {
    this.#replies = new Map(origins.map((origin) => [origin, ['access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED]]))
  }

  get isEmpty (): boolean { return this.#replies.size === 0 }

  has (origin: string): boolean { return this.#replies.has(origin) }

  /** What a reply to `origin` has besides, names and values in turn; undefined for any other. */
  headers (origin: string): readonly string[] | undefined { return this.#replies.get(origin) }

  /** What is answered to a preflight of an allowed origin, besides the origin itself. */
  preflight (isPrivateNetwork: boolean): Readonly<Record<string, string>> {
    return {
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': PREFLIGHT_KEPT,
      ...isPrivateNetwork ? { 'access-control-allow-private-network': 'true' } : {},
    }
  }
}
