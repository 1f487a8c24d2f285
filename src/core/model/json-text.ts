/**
 * JSON from outside: a znode, a command, a client. Everything that this project parses comes through here.
 *
 * Guarantees: what is accepted is no longer and nests no deeper than the limits, so nothing that later walks over the value (a comparison, a
 * serialiser) can exhaust the stack or the memory. Never throws.
 */

export interface JsonLimits {
  /** Characters. */
  readonly length: number
  /** Arrays and objects within one another. */
  readonly depth: number
}

/** For what comes from ZooKeeper and from clients. */
export const JSON_LIMITS: JsonLimits = { length: 131_072, depth: 32 }

/** A value, or why there is none, as the end of a sentence about the text. */
export type JsonResult = { readonly ok: true, readonly value: unknown } | { readonly ok: false, readonly problem: string }

export function parseJson (text: string, { length, depth }: JsonLimits = JSON_LIMITS): JsonResult {
  if (text.length > length) return { ok: false, problem: `is longer than ${length} characters` }
  if (nestsDeeperThan(text, depth)) return { ok: false, problem: `nests more than ${depth} arrays and objects within one another` }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false, problem: 'is not valid JSON' }
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const isOpening = (character: number) => character === 0x5b || character === 0x7b
const isClosing = (character: number) => character === 0x5d || character === 0x7d

/** Looks at brackets alone, outside of strings, so that a text is refused before anything parses it. */
function nestsDeeperThan (text: string, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (inString) {
      if (character === BACKSLASH) at++
      else if (character === QUOTE) inString = false
    } else if (character === QUOTE) {
      inString = true
    } else if (isOpening(character)) {
      if (++depth > limit) return true
    } else if (isClosing(character)) {
      depth--
    }
  }
  return false
}
