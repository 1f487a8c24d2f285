/**
 * Text that JSON can carry and that cannot be kept or shown: the character NUL, at which programs that read ZooKeeper end a text, and half of a surrogate pair,
 * which no UTF-8 has. Either can be there by an escape alone.
 */

export interface UnfitText {
  /** Where the text is, as a JSON pointer. */
  readonly pointer: string
  /** The end of a sentence about it. */
  readonly problem: string
}

const UNFIT = /\0|[\uD800-\uDFFF]/u
const step = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`

function problemOf (text: string): string | null {
  const found = UNFIT.exec(text)
  if (found === null) return null
  const position = [...text.slice(0, found.index)].length + 1
  return found[0] === '\0' ? `has the character NUL at position ${position}` : `has half of a surrogate pair at position ${position}, which is no character`
}

/** The first such text in `value`, which was parsed from `json`, of bounded depth; null if there is none. */
export function unfitText (json: string, value: unknown): UnfitText | null {
  return /\\u/.test(json) ? unfitIn(value, '') : null
}

function unfitIn (value: unknown, pointer: string): UnfitText | null {
  if (typeof value === 'string') {
    const problem = problemOf(value)
    return problem === null ? null : { pointer, problem }
  }
  if (typeof value !== 'object' || value === null) return null
  for (const [name, item] of Object.entries(value)) {
    const found = unfitIn(item, pointer + step(name))
    if (found !== null) return found
  }
  return null
}
