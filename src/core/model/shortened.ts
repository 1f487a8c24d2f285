/** Sentences that hold what a command said, cut to fit where many are read at once. */

const GAP = ' … '

/**
 * At most `most` characters: the beginning, which says what failed, and the end, where the cause is. A command says first what it is about to do, and last why
 * it could not. Words are left whole where they are not too long for that.
 */
export function shortened (text: string, most: number): string {
  if (text.length <= most) return text
  const head = Math.floor((most - GAP.length) / 4)
  // A character that is two units long is not cut into halves.
  const beginning = text.slice(0, head + 1).replace(CUT_AT_END, '').slice(0, head).replace(/[\ud800-\udbff]$/, '')
  const end = text.slice(text.length - (most - GAP.length - head) - 1).replace(CUT_AT_BEGINNING, '')
  return `${beginning}${GAP}${end.slice(-(most - GAP.length - head)).replace(/^[\udc00-\udfff]/, '')}`
}

/** A word of which a part alone would be left, or the blank behind the last whole one. */
const CUT_AT_END = / \S{0,24}$/
const CUT_AT_BEGINNING = /^\S{0,24} /
