/**
 * Bytes of a body, form or query that are no UTF-8: a decoder would put a replacement character in their place, and what was asked for would be kept and shown as
 * something else.
 */
import { isUtf8 } from 'node:buffer'
import { unfitArgument } from '../errors/argument-problem.ts'

const PROBLEM = 'has bytes that are not UTF-8'
/** The name of a field as a JSON pointer. */
export const step = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The text of a body. Throws `argument_invalid` if it is none. */
export function utf8Text (body: Buffer): string {
  if (!isUtf8(body)) throw unfitArgument({ pointer: '', problem: PROBLEM })
  return body.toString()
}

function decoded (text: string): string | null {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Throws `argument_invalid` if a name or a value of a query or an urlencoded form is no UTF-8 once it is decoded, or cannot be decoded. */
export function checkEncoded (text: string, where: 'querystring' | 'body'): void {
  if (!text.includes('%')) return
  for (const pair of text.split('&')) {
    const [name = ''] = pair.split('=', 1)
    if (decoded(pair) === null) throw unfitArgument({ pointer: step(decoded(name) ?? name), problem: PROBLEM }, where)
  }
}

/** Throws `argument_invalid` for a multipart body one of whose fields has been decoded with replacements. */
export function checkFields (body: Buffer, entries: ReadonlyArray<readonly [string, unknown]>): void {
  if (isUtf8(body)) return
  const found = entries.find(([name, value]) => name.includes('\ufffd') || (typeof value === 'string' && value.includes('\ufffd')))
  if (found !== undefined) throw unfitArgument({ pointer: step(found[0]), problem: PROBLEM })
}
