/** What a coordinator publishes of fences that would fail: a harmless question to the agent of every peer, before it is needed. */
import { shortened } from './shortened.ts'
import { text } from './znode.ts'

/** A peer that could not be fenced now. */
export interface BrokenFence {
  readonly node: string
  /** A sentence with its cause. */
  readonly message: string
  /** When that was first found, RFC 3339, by the wall clock of the node that asked. */
  readonly since: string
}

/** Peers of one node that are told of, and characters of each sentence: others read this at every snapshot. */
const MOST = 16
const LONGEST = 300

/** What a presence publishes of them. */
export const publishedBrokenFences = (broken: readonly BrokenFence[]): readonly BrokenFence[] =>
  broken.slice(0, MOST).map(({ message, ...rest }) => ({ ...rest, message: shortened(message, LONGEST) }))

/** Null for a node that has not published any: it has not asked. */
export function parseBrokenFences (value: unknown): readonly BrokenFence[] | null {
  if (!Array.isArray(value)) return null
  return publishedBrokenFences(value.slice(0, MOST).flatMap((raw: unknown) => {
    const { node, message, since } = (raw ?? {}) as Record<string, unknown>
    return text(node) === null ? [] : [{ node: node as string, message: text(message) ?? '', since: text(since) ?? '' }]
  }))
}
