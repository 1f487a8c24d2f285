/**
 * Numbers whose text says more than JavaScript's number does. PVC's API writes Python's `float` with a fraction, even where it is nothing, and its clients
 * tell `0.0` from `0`; it writes whole numbers with every digit. The serializer of JSON here keeps both; `JSON.stringify` writes the plain number.
 */
import { JSON_LIMITS, parseJson, type JsonLimits, type JsonResult } from '../model/json-text.ts'

export class WrittenNumber {
  /** Finite. */
  readonly value: number
  /** As it stands in JSON. */
  readonly text: string

  constructor (value: number, text: string) {
    this.value = value
    this.text = text
  }

  toJSON (): number { return this.value }
}

function fractionText (value: number): string {
  const text = String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}

/** @param value finite */
export const fraction = (value: number): WrittenNumber => Object.freeze(new WrittenNumber(value, fractionText(value)))

/** No figure is larger: what is computed from figures stays finite then, however many nodes there are. A whole number in decimal has as many digits. */
const LARGEST = 1e15

export const isFigure = (value: number): boolean => Math.abs(value) < LARGEST

/** The number that a parsed value is, or null for anything else. */
export const numberOf = (value: unknown): number | null => typeof value === 'number' ? value : value instanceof WrittenNumber ? value.value : null

/** Strings and numbers of a JSON text. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const NUL = '\0'
const ESCAPED_NUL = '\\u0000'
const NULS = /(?:\\u0000)+/g

const isString = (token: string) => token.startsWith('"')
const isFloat = (token: string) => /[.eE]/.test(token)
/** Whether JavaScript's number says as much as this token. */
const isPlain = (token: string) => isString(token) || (isFloat(token) ? !Number.isInteger(Number(token)) : Number.isSafeInteger(Number(token)))
const written = (token: string) => isFloat(token) ? fraction(Number(token)) : Object.freeze(new WrittenNumber(Number(token), token))

/** As `parseJson`, with each number as it is written, and none that is beyond what a double holds. */
export function parseWritten (text: string, limits: JsonLimits = JSON_LIMITS): JsonResult {
  const parsed = parseJson(text, limits)
  if (!parsed.ok) return parsed
  // One more in a row than any string of the text has: no other string begins with it.
  const marks = 1 + Math.max(0, ...(text.match(NULS) ?? []).map((run) => run.length / ESCAPED_NUL.length))
  let isMarked = false
  let isBeyond = false
  const source = text.replace(TOKEN, (token) => {
    isBeyond ||= !isString(token) && !Number.isFinite(Number(token))
    if (isPlain(token)) return token
    isMarked = true
    return `"${ESCAPED_NUL.repeat(marks)}${token}"`
  })
  if (isBeyond) return { ok: false, problem: 'has a number beyond what a double holds' }
  if (!isMarked) return parsed
  const mark = NUL.repeat(marks)
  return { ok: true, value: JSON.parse(source, (_, value: unknown) => typeof value === 'string' && value.startsWith(mark) ? written(value.slice(marks)) : value) }
}

/** The value of a JSON text with each number as it is written; null for a text that is malformed or absent. */
export function writtenJson (text: string | undefined): unknown {
  const parsed = text === undefined ? null : parseWritten(text)
  return parsed?.ok === true ? parsed.value : null
}

/** As `JSON.stringify` has it, but for written numbers, which keep their text. */
export function jsonText (value: unknown): string {
  if (value instanceof WrittenNumber) return value.text
  if (typeof value !== 'object' || value === null || typeof (value as { readonly toJSON?: unknown }).toJSON === 'function') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  return `{${Object.entries(value).filter(([, item]) => item !== undefined).map(([name, item]) => `${JSON.stringify(name)}:${jsonText(item)}`).join(',')}}`
}
