/** The few forms of Markdown that the reference pages are made of. */

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A table; every row has as many cells as the head. */
export function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const code = (text: string) => `\`${text}\``

/** The whole page: every part is followed by an empty line, the last by none. */
export function page (title: string, madeFrom: string, ...parts: readonly string[]): string {
  const note = `<!-- Made by npm run docs from ${madeFrom}; do not edit. -->`
  return `${[note, `# ${title}`, ...parts].join('\n\n')}\n`
}
