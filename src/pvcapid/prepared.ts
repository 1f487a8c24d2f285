/**
 * Replies as they are sent: their text and their entity tag (RFC 9110), each made once, when it is first wanted, for an object that does not
 * change. A frozen object is taken to be immutable all through, and what was made of it is kept for as long as it lives; a frozen array is put
 * together from what was made of its items. Whatever is not frozen is prepared anew each time.
 *
 * A tag is made from what the reply says: every API gives the same tag for the same reply, and what reads as before keeps its tag.
 */
import { createHash } from 'node:crypto'

/** Characters from which on a text is kept as bytes, ready to be sent; a short one is sent with its headers in one piece. */
const LARGE = 16_384

const kept = new WeakMap<object, Prepared>()

export class Prepared {
  readonly #value: unknown
  readonly #items: readonly Prepared[] | null
  #text: string | null = null
  #body: string | Buffer | null = null
  #etag: string | null

  /** @param etag the tag, if it is to be made of something else than the text */
  constructor (value: unknown, etag: string | null = null) {
    this.#value = value
    this.#etag = etag
    this.#items = Array.isArray(value) && Object.isFrozen(value) ? value.map(prepared) : null
  }

  /** The JSON. */
  get text (): string {
    this.#text ??= this.#items === null ? JSON.stringify(this.#value) : `[${this.#items.map(({ text }) => text).join(',')}]`
    return this.#text
  }

  get body (): string | Buffer {
    this.#body ??= this.text.length < LARGE ? this.text : Buffer.from(this.text)
    return this.#body
  }

  get etag (): string {
    this.#etag ??= textTag(this.#items === null ? this.text : this.#items.map(({ etag }) => etag).join())
    return this.#etag
  }
}

/** What is made of `value`. */
export function prepared (value: unknown): Prepared {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return new Prepared(value)
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
