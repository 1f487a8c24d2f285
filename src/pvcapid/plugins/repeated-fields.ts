/**
 * Fields that stand more than once in one object of a JSON text: a parser keeps the last of them, another the first, so that it cannot be said what was
 * asked for. Names count as they are read, escapes resolved. The time it takes is proportional to the length, at any depth.
 */

/** One object or list that is open. */
interface Open {
  /** The names of an object; null for a list. */
  readonly names: Set<string> | null
  /** Where it is, as a JSON pointer. */
  readonly pointer: string
  /** The name or index of what comes next. */
  at: string | number
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\],]/g
const step = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The JSON pointer of the first such field; null if there is none. `text` has to be JSON, of bounded depth. */
export function repeatedField (text: string): string | null {
  const open: Open[] = []
  for (const [token, string, colon] of text.matchAll(TOKEN)) {
    const inside = open.at(-1)
    if (token === '{' || token === '[') {
      open.push({ names: token === '{' ? new Set() : null, pointer: inside === undefined ? '' : inside.pointer + step(inside.at), at: 0 })
    } else if (token === '}' || token === ']') {
      open.pop()
    } else if (inside === undefined) {
      continue
    } else if (token === ',') {
      if (inside.names === null) inside.at = Number(inside.at) + 1
    } else if (string !== undefined && colon !== undefined && inside.names !== null) {
      const name = JSON.parse(string) as string
      if (inside.names.has(name)) return inside.pointer + step(name)
      inside.names.add(name)
      inside.at = name
    }
  }
  return null
}
