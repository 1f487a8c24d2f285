/** Entity tags (RFC 9110) as clients send them back. */
import { ApiError } from '../errors/errors.ts'
import { serialized } from '../fast-path/serialized-reply.ts'

/** The tag of a reply. */
export const etagOf = (value: object): string => serialized(value).etag

/**
 * Whether the list of tags of an `If-None-Match` has `etag` in it, by weak comparison: a weak tag counts as the strong one that it stands for. `*` is any tag by
 * itself alone: within a list it is nothing.
 */
export function isTagIn (header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  // Nearly every client sends one tag, as it was given.
  if (header === etag || header.trim() === '*') return true
  return header.split(',').map((tag) => tag.trim().replace(/^W\//, '')).includes(etag)
}

/** Whether an `If-Match` holds for `etag`, by strong comparison: a weak tag never matches. `*` as in `isTagIn`. */
export const isMatched = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((tag) => tag.trim() === etag)

/** An entity tag (RFC 9110); it may hold commas. */
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g
/** What no header holds. */
const MARK = '\0'

/** Whether an `If-Match` is well-formed: a condition that does not hold, where it is no tag of ours. Empty elements of a list are ignored, as RFC 9110 has it. */
export function isWellFormed (header: string): boolean {
  const elements = header.replace(TAG, MARK).split(',').map((element) => element.trim()).filter((element) => element !== '')
  return elements.length > 0 && elements.every((element) => element === MARK)
}

/** Throws `argument_invalid` for an `If-Match`, or another header of its form, that is neither `*` nor a list of entity tags: what a condition says has to be known before it is judged. */
export function checkTags (header: string | undefined, name = 'If-Match'): void {
  if (header !== undefined && header.trim() !== '*' && !isWellFormed(header)) throw new ApiError('argument_invalid', `${name} has to be an ETag of the same path, several of them, or *.`, { outcome: 'not_started' })
}
