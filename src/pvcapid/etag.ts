/**
 * Entity tags (RFC 9110) of replies, made from what they say: every API gives the same tag for the same reply, and what reads as before
 * keeps its tag. Made once for each object that does not change.
 */
import { createHash } from 'node:crypto'
import { serialised } from './serialiser.ts'

const tags = new WeakMap<object, string>()

export function etagOf (value: object): string {
  const kept = Object.isFrozen(value) ? tags.get(value) : undefined
  if (kept !== undefined) return kept
  const tag = textTag(serialised(value))
  if (Object.isFrozen(value)) tags.set(value, tag)
  return tag
}

/** The tag of a reply by its text. */
export function textTag (text: string | Buffer): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}

/** Whether a list of tags, as in `If-None-Match` and `If-Match`, has `etag` in it. Weak tags count as the strong ones they stand for. */
export function isTagIn (header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').map((tag) => tag.trim().replace(/^W\//, '')).some((tag) => tag === '*' || tag === etag)
}
