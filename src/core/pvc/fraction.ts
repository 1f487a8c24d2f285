/**
 * Numbers that PVC's API writes as Python's `float`: with a fraction, even where it is nothing. Its clients tell `0.0` from `0`, and JavaScript's
 * numbers do not. The serializer of replies writes a `Fraction` with its fraction; `JSON.stringify` writes it as a plain number.
 */
import { parseJson } from '../model/json-text.ts'

export class Fraction {
  readonly value: number

  constructor (value: number) {
    this.value = value
  }

  /** As it stands in JSON. */
  get text (): string {
    const text = String(this.value)
    return Number.isInteger(this.value) && !text.includes('e') ? `${text}.0` : text
  }

  toJSON (): number { return this.value }
}

/** @param value finite */
export const fraction = (value: number): Fraction => Object.freeze(new Fraction(value))

/** Strings and numbers of a JSON text. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** Marks a number that has to stay a fraction. A text that contains the mark already is parsed without it. */
const MARK = '\0'
const ESCAPED_MARK = '\\u0000'

const isPlain = (token: string) => token.startsWith('"') || !/[.eE]/.test(token) || !Number.isInteger(Number(token))

/** The value of a JSON text, in which `0.0` stays a fraction; null for a text that is malformed or absent. */
export function parseWithFractions (text: string | undefined): unknown {
  const parsed = parseJson(text ?? '')
  if (!parsed.ok || text === undefined || text.includes(ESCAPED_MARK)) return parsed.ok ? parsed.value : null
  let marked = false
  let isBeyond = false
  const source = text.replace(TOKEN, (token) => {
    isBeyond ||= !token.startsWith('"') && !Number.isFinite(Number(token))
    if (isPlain(token)) return token
    marked = true
    return `"${ESCAPED_MARK}${token}"`
  })
  // A number beyond what a double holds would be sent as null.
  if (isBeyond) return null
  if (!marked) return parsed.value
  return JSON.parse(source, (_, value: unknown) => typeof value === 'string' && value.startsWith(MARK) ? fraction(Number(value.slice(1))) : value)
}
