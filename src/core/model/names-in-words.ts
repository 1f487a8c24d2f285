/** Names in a sentence, the first of many alone. */

/** Names that a sentence has at most. */
const MOST = 20

export const namesInWords = (names: readonly string[]): string =>
  names.slice(0, MOST).join(', ') + (names.length > MOST ? ` and ${names.length - MOST} more` : '')
