/** What a person has most likely mistyped in a file that is no YAML: the parser names where it gave up, and in its own words. */

export interface Cause {
  /** From 1. */
  readonly line: number
  readonly column: number
  /** A sentence. It names a setting and never its value, which may be a secret. */
  readonly message: string
}

const SETTING = /^(?<indent> *(?:- +)*)(?<name>[A-Za-z_][\w-]*):(?<rest>.*)$/

/** The first mistake of a known kind from the top, or null. Texts of several lines (`|`, `>`) are not looked into. */
export function likelyCause (text: string): Cause | null {
  let before: { readonly number: number, readonly indent: number, readonly holds: boolean } | null = null
  let block: number | null = null
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1
    const indent = line.search(/[^ ]/)
    if (indent === -1 || line.startsWith('#', indent) || (block !== null && indent > block)) continue
    block = null
    const cause = mistakeIn(line, number) ?? (before === null || before.holds || indent <= before.indent
      ? null
      : { line: number, column: indent + 1, message: `This line is indented deeper than line ${before.number}, which has its value already. Give both the same indentation.` })
    if (cause !== null) return cause
    const { rest = '', name } = SETTING.exec(line)?.groups ?? {}
    const value = rest.replace(/(?:^|\s)#.*$/, '').trim()
    if (/^[|>][-+\d]*$/.test(value)) block = indent
    // Of an item of a list the settings that follow stand below its first one.
    const place = indent + (/^(?:- +)*/.exec(line.slice(indent))?.[0].length ?? 0)
    before = { number, indent: place, holds: name === undefined || value === '' || /[[{"'&!|>]/.test(value) }
  }
  return null
}

function mistakeIn (line: string, number: number): Cause | null {
  const tab = line.search(/\S/)
  if (line.slice(0, tab).includes('\t')) return { line: number, column: line.indexOf('\t') + 1, message: 'A tab stands in the indentation. YAML takes only spaces there.' }
  const item = /^( *)-(?=[A-Za-z0-9"'])(?!-)/.exec(line)
  if (item !== null) return { line: number, column: (item[1]?.length ?? 0) + 2, message: 'A space is missing after the hyphen.' }
  const { indent = '', name = '', rest = '' } = SETTING.exec(line)?.groups ?? {}
  if (name === '' || rest === '' || rest.startsWith(' ') || rest.startsWith('\r') || rest.startsWith('//')) return null
  return { line: number, column: indent.length + name.length + 2, message: `A space is missing after the colon of "${name}".` }
}
