/**
 * Whom web pages in an operator's browser may command. A write that a page of another site sends is `cross_site`, with or without a key. Where no
 * key is needed, a request for a route that is not open has to name this API by a host that it knows; so has a write by client certificate, which browsers
 * show by themselves. Origins in `pvc.api.allowed_origins` may do both, and their preflights are answered.
 *
 * Programs send neither `Origin` nor `Sec-Fetch-Site` and are not concerned. What browsers send cannot be set by a page.
 */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { AllowedOrigins } from './allowed-origins.ts'
import { ApiError } from '../errors/errors.ts'
import type { KnownHosts } from './known-hosts.ts'

export interface CrossSiteOptions {
  readonly origins: AllowedOrigins
  readonly hosts: KnownHosts
}

declare module 'fastify' {
  interface FastifyInstance {
    /** What is wrong with the host by which `request` addresses this API, or null. */
    unknownHost (request: FastifyRequest, by: HostRule): ApiError | null
  }
}

/** Why a host has to be known, and what to do about one that is not, as the end of a sentence. */
const reasons = {
  no_key: 'which serves nothing but its own names while it needs no key. Name the host in pvc.api.hostnames and restart, or switch pvc.api.authentication on.',
  certificate: 'which takes a write by client certificate at its own names alone. Nothing was done. Name the host in pvc.api.hostnames and restart, or send an API key.',
} as const
type HostRule = keyof typeof reasons

/** Characters of what a client sent that an error repeats. */
const REPEATED = 100
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const writes = ({ method }: Pick<RouteOptions, 'method'>) => [method].flat().some((name) => !SAFE.has(name))

const shown = (text: string) => JSON.stringify(text.slice(0, REPEATED))

/** The scheme that a trusted proxy names, if it is one that this API is served by; else that of the connection. */
function schemeOf ({ protocol, socket }: FastifyRequest): string {
  const named = protocol.toLowerCase()
  return named === 'http' || named === 'https' ? named : 'encrypted' in socket ? 'https' : 'http'
}

/** This API's own origin as the client sees it; a default port is left out, as browsers do. */
function ownOrigin (request: FastifyRequest): string | null {
  try {
    return new URL(`${schemeOf(request)}://${request.host}`).origin
  } catch {
    return null
  }
}

async function crossSite (app: FastifyInstance, { origins, hosts }: CrossSiteOptions): Promise<void> {
  function fault (request: FastifyRequest): ApiError | null {
    const { origin, 'sec-fetch-site': site } = request.headers
    if (origin === undefined && site === undefined) return null
    if (origin !== undefined && origins.has(origin)) return null
    // A sandboxed frame, a local file, or a page that was redirected here: no name stands for it.
    if (origin === 'null') return new ApiError('cross_site', 'This request was sent by a web page whose origin the browser keeps to itself (Origin: null), such as a local file or a sandboxed frame. Nothing was done. No setting allows it: open the page by its own address, or send the request from a program.', { outcome: 'not_started' })
    if (origin !== undefined) {
      const own = ownOrigin(request)
      if (origin.toLowerCase() !== own) {
        return new ApiError('cross_site', `This request was sent by a web page of the origin ${shown(origin)}, and this API is ${own ?? 'of no origin that can be told'} to its client. Nothing was done. Name the origin in pvc.api.allowed_origins if its pages may use this API; behind a proxy name that in pvc.api.trusted_proxies and have it send X-Forwarded-Proto and X-Forwarded-Host.`, { outcome: 'not_started' })
      }
    }
    if (site === undefined || site === 'same-origin' || site === 'none') return null
    return new ApiError('cross_site', `This request was sent by a web page of another site (Sec-Fetch-Site: ${shown(String(site))}). Nothing was done. Name its origin in pvc.api.allowed_origins if its pages may use this API.`, { outcome: 'not_started' })
  }

  app.decorate('unknownHost', (request: FastifyRequest, by: HostRule) => {
    const { host } = request
    // Without one it is HTTP/1.0, which no browser speaks.
    if ((request.headers.host === undefined && !host) || hosts.knows(host, request.socket)) return null
    return new ApiError('host_unknown', `${shown(host)} is not known as a name of this API, ${reasons[by]}`, SAFE.has(request.method) ? {} : { outcome: 'not_started' })
  })

  app.addHook('onRoute', (route) => {
    if (!writes(route)) return
    route.onRequest = [route.onRequest ?? []].flat().concat((request, _reply, done) => {
      const error = fault(request)
      if (error === null) done()
      else done(error)
    })
  })

  if (origins.isEmpty) return
  // Before any route: browsers send a preflight without a key, and to routes that know no OPTIONS.
  app.addHook('onRequest', (request, reply, done) => {
    const { method, headers: { origin, 'access-control-request-method': wanted, 'access-control-request-private-network': isPrivate } } = request
    if (method !== 'OPTIONS' || origin === undefined || wanted === undefined || !origins.has(origin)) done()
    else void reply.code(204).headers(origins.preflight(isPrivate === 'true')).send()
  })
}

export default fp(crossSite, { name: 'cross-site', dependencies: ['problems'] })
