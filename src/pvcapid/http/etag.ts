/** Entity tags (RFC 9110) as clients send them back. */
import { serialized } from '../fast-path/serialized-reply.ts'

/** The tag of a reply. */
export const etagOf = (value: object): string => serialized(value).etag

/**
 * Whether a list of tags, as in `If-None-Match` and `If-Match`, has `etag` in it. Weak tags count as the strong ones they stand for. `*` is any tag by itself
 * alone: within a list it is nothing.
 */
export function isTagIn (header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  // One tag, as it was given, is what nearly everybody sends.
  if (header === etag || header.trim() === '*') return true
  return header.split(',').map((tag) => tag.trim().replace(/^W\//, '')).includes(etag)
}
