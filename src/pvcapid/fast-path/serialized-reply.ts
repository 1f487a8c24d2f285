/**
 * Replies as they are sent: their text and their entity tag (RFC 9110), each made once, when it is first wanted, for an object that does not
 * change. A frozen object is taken to be immutable all through, and what was made of it is kept for as long as it lives; a frozen array, and a
 * frozen object that has such parts, are put together from what was made of these, a long list run by run. Whatever is not frozen is prepared again each time.
 *
 * A tag is made from what the reply says: every API gives the same tag for the same reply, and what reads as before keeps its tag.
 */
import { createHash } from 'node:crypto'
import { jsonText, WrittenNumber } from '../../core/pvc/written-number.ts'

/** Bytes from which on a reply is sent as bytes, piece by piece; a short one is sent with its headers, as one text. */
const LONG = 16_384
/** Bytes from which on a part of a long reply is a piece of its own, kept as it is sent. */
const PIECE = 4_096
/** Items of a long list that are put together first, and kept together while none of them changes. */
const RUN = 32

interface Part {
  /** What stands before it: its name in an object, nothing in an array. */
  readonly label: string
  readonly part: SerializedReply
}

const isFrozenObject = (value: unknown): value is object => typeof value === 'object' && value !== null && Object.isFrozen(value) && !(value instanceof WrittenNumber)
const plainly = (part: SerializedReply): Part => ({ label: '', part })

/** What a value is put together from; null for one that is made in one piece. */
function partsOf (value: unknown): readonly Part[] | null {
  if (value instanceof Run) return value.items.map((item) => plainly(serialized(item)))
  if (!isFrozenObject(value)) return null
  if (Array.isArray(value)) return value.length <= RUN ? value.map((item) => plainly(serialized(item))) : runsOf(value)
  const entries = Object.entries(value)
  if (!entries.some(([, item]) => isFrozenObject(item))) return null
  return entries.filter(([, item]) => item !== undefined).map(([name, item]) => ({ label: `${JSON.stringify(name)}:`, part: serialized(item) }))
}

/** A reply that is ready to be sent. */
export interface Reading {
  /** Its text, or its bytes in pieces. */
  readonly body: string | readonly Buffer[]
  /** Bytes. */
  readonly length: number
  readonly etag: string
  /** Whether its bytes are held for others as well. */
  readonly isShared: boolean
}

export class SerializedReply implements Reading {
  readonly #value: unknown
  readonly #parts: readonly Part[] | null
  #text: string | null = null
  #length: number | null = null
  #pieces: readonly Buffer[] | null = null
  #etag: string | null

  /** @param etag the tag, if it is to be made of something else than the text */
  constructor (value: unknown, etag: string | null = null) {
    this.#value = value
    this.#etag = etag
    this.#parts = partsOf(value)
  }

  /** Whether it is kept for the next request: its bytes are then held for no single client. */
  get isShared (): boolean { return isFrozenObject(this.#value) || this.#value instanceof Run }

  /** The JSON. */
  get text (): string {
    this.#text ??= this.#parts === null ? jsonText(this.#value) : this.#joined(this.#parts.map(({ label, part }) => label + part.text))
    return this.#text
  }

  /** Bytes of the JSON. */
  get length (): number {
    this.#length ??= this.#parts === null
      ? Buffer.byteLength(this.text)
      : this.#parts.reduce((sum, { label, part }) => sum + Buffer.byteLength(label) + part.length, this.#joined(this.#parts.map(() => '')).length)
    return this.#length
  }

  /** The JSON as it is to be sent: its text, or, for a long one, its bytes in pieces. */
  get body (): string | readonly Buffer[] {
    return this.length < LONG ? this.text : this.pieces
  }

  get pieces (): readonly Buffer[] {
    this.#pieces ??= this.#parts === null ? [Buffer.from(this.text)] : this.#piecesOf(this.#parts)
    return this.#pieces
  }

  get etag (): string {
    this.#etag ??= textTag(this.#parts === null ? this.text : this.#joined(this.#parts.map(({ label, part }) => label + part.etag)))
    return this.#etag
  }

  get #brackets (): readonly [string, string] {
    if (this.#value instanceof Run) return ['', '']
    return Array.isArray(this.#value) ? ['[', ']'] : ['{', '}']
  }

  #joined (parts: readonly string[]): string {
    const [open, close] = this.#brackets
    return `${open}${parts.join(',')}${close}`
  }

  #piecesOf (parts: readonly Part[]): readonly Buffer[] {
    const pieces: Buffer[] = []
    const [open, close] = this.#brackets
    let short = open
    for (const [index, { label, part }] of parts.entries()) {
      short += index === 0 ? label : `,${label}`
      if (part.length < PIECE) {
        short += part.text
        continue
      }
      if (short !== '') pieces.push(Buffer.from(short))
      pieces.push(...part.pieces)
      short = ''
    }
    short += close
    if (short !== '') pieces.push(Buffer.from(short))
    return pieces
  }
}

/** Neighbours in a long list. */
class Run {
  readonly items: readonly unknown[]

  constructor (items: readonly unknown[]) {
    this.items = items
  }
}

/** The run that begins with an item, as it was last. */
const runs = new WeakMap<object, { readonly run: Run, readonly part: SerializedReply }>()

function runsOf (list: readonly unknown[]): readonly Part[] {
  const parts: Part[] = []
  for (let from = 0; from < list.length; from += RUN) parts.push(plainly(runOf(list, from)))
  return parts
}

function runOf (list: readonly unknown[], from: number): SerializedReply {
  const first = list[from]
  const length = Math.min(RUN, list.length - from)
  const known = isFrozenObject(first) ? runs.get(first) : undefined
  if (known?.run.items.length === length && known.run.items.every((item, index) => item === list[from + index])) return known.part
  const run = new Run(list.slice(from, from + length))
  const part = new SerializedReply(run)
  if (isFrozenObject(first)) runs.set(first, { run, part })
  return part
}

const kept = new WeakMap<object, SerializedReply>()

/** What is made of `value`. */
export function serialized (value: unknown): SerializedReply {
  if (!isFrozenObject(value)) return new SerializedReply(value)
  let found = kept.get(value)
  if (found === undefined) {
    found = new SerializedReply(value)
    kept.set(value, found)
  }
  return found
}

/** The JSON of a reply. */
export const serializedText = (value: unknown): string => serialized(value).text

/** The tag of a text. */
function textTag (text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}
