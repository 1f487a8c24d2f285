/** Text for people. What comes from the cluster is shown without control and unseen characters, so that no value can command a terminal or
 * read as another. */

const CONTROL = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

export const plain = (text: string): string => text.replace(CONTROL, '\ufffd')

/** Columns as wide as their widest cell; the last is not filled. Ends with a line feed. */
export function columns (rows: ReadonlyArray<readonly string[]>): string {
  const cells = rows.map((row) => row.map((cell) => plain(cell)))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('')
}

/** `2026-02-03 04:05:06Z` of RFC 3339; `-` for null. */
export const moment = (at: string | null): string => at === null ? '-' : at.replace('T', ' ').replace(/\.\d+/, '')

/** Seconds between two moments in RFC 3339, as `3.8 s`. */
export function duration (from: string, to: string): string {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000
  return Number.isFinite(seconds) ? `${seconds.toFixed(1)} s` : 'an unknown time'
}
