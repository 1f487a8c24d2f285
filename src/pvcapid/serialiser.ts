/**
 * JSON of replies, made once for each object that does not change. A frozen object is taken to be immutable all through, and its text is
 * kept for as long as the object lives; a frozen array is joined from the texts of its items. Whatever is not frozen is written anew each time.
 */

const texts = new WeakMap<object, string>()

export function serialised (value: unknown): string {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value)
  let text = texts.get(value)
  if (text === undefined) {
    text = Array.isArray(value) ? `[${value.map(serialised).join(',')}]` : JSON.stringify(value)
    texts.set(value, text)
  }
  return text
}
