/** Faults of a request that do not depend on its route: HTTP version, target, and repeated headers. */
import type { IncomingMessage } from 'node:http'
import { ApiError } from '../errors/errors.ts'
import { HEADERS } from './bounds.ts'
import { targetFault } from './request-target.ts'

/**
 * Headers that are read as one value. Of several of a name Node shows the first alone, or all of them as one text, so that it cannot be said which was meant. With
 * `host`, which every request has. Not `x-forwarded-for`, to which each proxy may add a line, nor `x-request-id`, which is replaced if it is none.
 */
const SINGLE: ReadonlySet<string> = new Set([
  'access-control-request-method', 'access-control-request-private-network', 'authorization', 'content-encoding', 'content-type', 'if-match', 'if-none-match', 'if-unmodified-since', 'last-event-id',
  'origin', 'sec-fetch-site', 'x-api-key', 'x-forwarded-host', 'x-forwarded-prefix', 'x-forwarded-proto',
])

const malformed = (what: string, advice: string): ApiError => new ApiError('malformed_request', `${what} Nothing was done; ${advice}.`)

/** @returns null for a request that is whole */
export function requestFault ({ rawHeaders, headers, httpVersion, method, url: rewritten, originalUrl: url = rewritten }: IncomingMessage & { readonly originalUrl?: string }): ApiError | null {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return new ApiError('http_version_unsupported', `This is HTTP/${httpVersion}. Nothing was done; ask by HTTP/1.1.`)
  if (rawHeaders.length > 2 * HEADERS) return new ApiError('headers_too_large', `The request has more than ${HEADERS} headers. Nothing was done; send fewer.`)
  const target = targetFault(url ?? '')
  if (target !== null) return malformed(...target)
  if (url === '*' && method !== 'OPTIONS') return malformed('The target * is for OPTIONS alone.', 'name a path')
  const hosts = count(rawHeaders, 'host')
  if (hosts === 0 && httpVersion === '1.1') return malformed('The header Host is missing.', 'correct the request')
  if (hosts > 1) return malformed('The header Host is there more than once.', 'send it once')
  const authority = url?.startsWith('/') === true ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url ?? '')?.[1]
  // By RFC 9112 the target would win; a check that looks at the header alone must not be led past.
  if (authority !== undefined && hosts > 0 && authority.toLowerCase() !== headers.host?.toLowerCase()) return malformed('The target names another host than the header Host.', 'name the same in both')
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') return new ApiError('encoding_unsupported', 'The body is in a transfer coding other than chunked. Nothing was done; send it as it is.')
  // Where each name is there once there is nothing to look for.
  const repeated = 2 * Object.keys(headers).length === rawHeaders.length ? null : repeatedIn(rawHeaders)
  return repeated === null ? null : malformed(`The header ${repeated} is there more than once.`, 'send it once')
}

/** A transfer coding without parameters, in lower case. */
const CODING = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/**
 * Why it cannot be told where the body of a request ends: its transfer coding does not end with `chunked`, once (RFC 9112, 6.3). Null if it can. What comes behind
 * the head of such a request must not be taken for another one.
 */
export function framingFault ({ headers: { 'transfer-encoding': given }, httpVersion }: IncomingMessage): ApiError | null {
  if (given === undefined) return null
  const codings = given.split(',').map((coding) => coding.trim().toLowerCase())
  const isChunked = codings.indexOf('chunked') === codings.length - 1 && codings.every((coding) => CODING.test(coding))
  if (isChunked && httpVersion !== '1.0') return null
  const what = isChunked ? 'HTTP/1.0 has no Transfer-Encoding' : 'Transfer-Encoding does not end with chunked, once'
  return new ApiError('malformed_request', `${what}, so that it cannot be told where the request ends. Nothing was done; send the body with Content-Length.`, { outcome: 'not_started' })
}

/** How many headers `name` there are among names and values in turn. */
function count (rawHeaders: readonly string[], name: string): number {
  let found = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at] as string
    if (each.length === name.length && each.toLowerCase() === name) found += 1
  }
  return found
}

function repeatedIn (rawHeaders: readonly string[]): string | null {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (seen.has(name)) return rawHeaders[at] as string
    if (SINGLE.has(name)) seen.add(name)
  }
  return null
}

/** The character set that a body's media type names, if it is one that is not read. */
export function foreignCharset (mediaType: string | undefined): string | null {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(mediaType ?? '')?.[1]?.toLowerCase()
  return charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset) ? null : charset
}
