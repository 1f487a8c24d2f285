/**
 * The path below which clients see this API: `pvc.api.base_path`, or what a trusted proxy says in `X-Forwarded-Prefix`. It goes before every path
 * that a reply names. A proxy may strip it or pass it on: with `base_path` requests are taken with it and without.
 */
import { networks } from '../../runtime/addresses.ts'
import { BASE_PATH } from '../config/schema.ts'
import type { ApiConfig } from '../config/api-config.ts'

const LONGEST = 256

interface Forwarded {
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export class BasePath {
  /** Empty for the root, else as `/pvc`. */
  readonly configured: string
  readonly #proxies: { has (address: string): boolean } | null

  constructor ({ basePath = '', trustedProxies }: Pick<ApiConfig, 'basePath' | 'trustedProxies'>) {
    this.configured = basePath
    this.#proxies = trustedProxies.length === 0 ? null : networks(trustedProxies)
  }

  /** For the client of this request; empty for the root. What is not a path of plain segments is not believed. */
  of ({ headers, socket }: Forwarded): string {
    const given = headers['x-forwarded-prefix']
    if (typeof given !== 'string' || this.#proxies?.has(socket.remoteAddress ?? '') !== true) return this.configured
    if (given === '/' || given === '') return ''
    const path = given.replace(/\/$/, '')
    return path.length <= LONGEST && BASE_PATH.test(path) ? path : this.configured
  }

  /** A path as the client of this request sees it. */
  seen (request: Forwarded, path: string): string {
    return path.startsWith('/') ? `${this.of(request)}${path}` : path
  }

  /** A request's target as the routes know it. */
  stripped (target: string): string {
    const { configured } = this
    if (!target.startsWith(configured)) return target
    const rest = target.slice(configured.length)
    return rest.startsWith('/') ? rest : rest === '' || rest.startsWith('?') ? `/${rest}` : target
  }
}
