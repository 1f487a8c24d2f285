/**
 * Replies as they are sent: their text and their entity tag (RFC 9110), each made once, when it is first wanted, for an object that does not
 * change. A frozen object is taken to be immutable all through, and what was made of it is kept for as long as it lives; a frozen array, and a
 * frozen object that has such parts, are put together from what was made of these. Whatever is not frozen is prepared anew each time.
 *
 * A tag is made from what the reply says: every API gives the same tag for the same reply, and what reads as before keeps its tag.
 */
import { createHash } from 'node:crypto'

/** Characters from which on a text is kept as bytes, ready to be sent; a short one is sent with its headers in one piece. */
const LARGE = 16_384

const kept = new WeakMap<object, Prepared>()

interface Part {
  /** What stands before it: its name in an object, nothing in an array. */
  readonly label: string
  readonly part: Prepared
}

const isFrozenObject = (value: unknown): value is object => typeof value === 'object' && value !== null && Object.isFrozen(value)

/** What a frozen value is put together from; null for one that is made in one piece. */
function partsOf (value: unknown): readonly Part[] | null {
  if (!isFrozenObject(value)) return null
  if (Array.isArray(value)) return value.map((item) => ({ label: '', part: prepared(item) }))
  const entries = Object.entries(value)
  if (!entries.some(([, item]) => isFrozenObject(item))) return null
  return entries.filter(([, item]) => item !== undefined).map(([name, item]) => ({ label: `${JSON.stringify(name)}:`, part: prepared(item) }))
}

export class Prepared {
  readonly #value: unknown
  readonly #parts: readonly Part[] | null
  #text: string | null = null
  #body: string | Buffer | null = null
  #etag: string | null

  /** @param etag the tag, if it is to be made of something else than the text */
  constructor (value: unknown, etag: string | null = null) {
    this.#value = value
    this.#etag = etag
    this.#parts = partsOf(value)
  }

  /** The JSON. */
  get text (): string {
    this.#text ??= this.#parts === null ? JSON.stringify(this.#value) : this.#joined(this.#parts.map(({ label, part }) => label + part.text))
    return this.#text
  }

  get body (): string | Buffer {
    this.#body ??= this.text.length < LARGE ? this.text : Buffer.from(this.text)
    return this.#body
  }

  get etag (): string {
    this.#etag ??= textTag(this.#parts === null ? this.text : this.#joined(this.#parts.map(({ label, part }) => label + part.etag)))
    return this.#etag
  }

  #joined (parts: readonly string[]): string {
    const text = parts.join(',')
    return Array.isArray(this.#value) ? `[${text}]` : `{${text}}`
  }
}

/** What is made of `value`. */
export function prepared (value: unknown): Prepared {
  if (!isFrozenObject(value)) return new Prepared(value)
  let found = kept.get(value)
  if (found === undefined) {
    found = new Prepared(value)
    kept.set(value, found)
  }
  return found
}

/** The JSON of a reply. */
export const serialised = (value: unknown): string => prepared(value).text

/** The tag of a text. */
function textTag (text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}
