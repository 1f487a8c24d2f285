/**
 * The target of a request as RFC 9112 and RFC 3986 have it. A target that two programs can read in two ways is refused, so that a rule about paths in a proxy
 * in front means what it says: a fragment, which no target has; characters that a path cannot hold; a path that is a route's only once it is decoded.
 */

/** What PVC's client makes of a prefix that ends with a slash, and of a path that begins with one. */
const JOINED = /^\/api\/v1\/\/(?!\/)/

/** The path as the routes know it: the one doubled slash that is taken is behind the prefix. */
export const joined = (target: string): string => JOINED.test(target) ? target.replace('//', '/') : target

/** Characters of a query: printable ASCII. Some of them should be percent-encoded, and mean themselves to everyone if they are not: regular expressions have them. */
const QUERY = /^[!-"$-~]*$/
/** Characters of a path. */
const PATH = /^[\w!$%&'()*+,./:;=@~-]*$/
/** Nearly every target: nothing to be said of it, found by one look. */
const PLAIN = /^\/[\w!$&'()*+,./:;=@~-]*(?:\?[\w!$&'()*+,./:;=@~-]*)?$/
const CUT = /%(?![0-9a-f]{2})/i
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i

/** What is wrong with a target, and what to do, as two sentences without the second's full stop; null for one that is well-formed. */
export function targetFault (target: string): readonly [what: string, advice: string] | null {
  if (PLAIN.test(target)) return null
  if (target.includes('#')) return ['The target has a fragment, which begins at the character # and is nothing that a server is sent.', 'leave it out, or write %23 for the character itself']
  const at = target.indexOf('?')
  const path = (at < 0 ? target : target.slice(0, at)).replace(ABSOLUTE, '')
  if (!PATH.test(path)) return ['The path of the target has a character that no path can hold.', 'percent-encode it, as UTF-8']
  if (at >= 0 && !QUERY.test(target.slice(at))) return ['The query of the target has a control character, or one that is not ASCII.', 'percent-encode it, as UTF-8']
  return CUT.test(target) ? ['The target has the character % without two hexadecimal digits behind it.', 'write %25 for the character itself'] : null
}

/**
 * Whether a path is that of a route only once it is decoded (`/%61pi/v1/node`). What stands for a parameter, or for `*`, may be encoded.
 * @param route with its parameters, as `/api/v1/node/:node`
 */
export function isDisguised (target: string, route: string): boolean {
  if (!target.includes('%')) return false
  const path = (target.split('?', 1)[0] ?? '').replace(ABSOLUTE, '')
  const parts = path.split('/')
  for (const [index, part] of route.split('/').entries()) {
    if (part === '*') return false
    if (!part.startsWith(':') && part !== parts[index]) return true
  }
  return false
}
