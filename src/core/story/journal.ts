/**
 * The journal of one node, `/nodes/<n>/events`: what it has to add to the story of switchovers, the oldest first. A node that demotes itself is out of contact and
 * writes it once it is back. Its JSON is also what clients read of it, hence the snake_case. For people: nothing is decided on it.
 */
import { shortened } from '../model/shortened.ts'
import { count, isMoment, jsonObject, text } from '../model/znode.ts'

export const journalEvents = {
  judged: 'the node has judged a peer dead',
  fence_failed: 'the node could not fence a peer',
  fenced: 'the node has fenced a peer',
  key_written: 'the node has written the primary key',
  released: 'the node has released a resource',
  acquired: 'the node has acquired a resource',
  lost: 'a resource that the node holds was gone and could not be acquired again',
  regained: 'a resource that was lost is held again',
  failed: 'an acquisition or a release has failed',
  waits: 'the node waits before it acquires a resource',
  demoted: 'the node may hold nothing any more, and releases everything by itself',
} as const
export type JournalEvent = keyof typeof journalEvents

export interface JournalEntry {
  /** RFC 3339, by the node's own wall clock. */
  readonly at: string
  readonly event: JournalEvent
  /** The switchover that it is part of; null for what belongs to none, or to whichever follows from it. */
  readonly epoch: number | null
  readonly resource: string | null
  /** A sentence. */
  readonly message: string
}

/** Entries of one node that are kept, characters of each part, and of the whole text: a longer one is not read. */
export const MOST_ENTRIES = 100
const LONGEST_MESSAGE = 300
const LONGEST_NAME = 128
const LONGEST_TEXT = 100_000

export const boundedEntry = ({ at, event, epoch, resource, message }: JournalEntry): JournalEntry =>
  ({ at, event, epoch, resource: resource?.slice(0, LONGEST_NAME) ?? null, message: shortened(message, LONGEST_MESSAGE) })

/** The newest of them, as many as fit. */
export function journalText (entries: readonly JournalEntry[]): string {
  const json = JSON.stringify({ events: entries })
  return json.length <= LONGEST_TEXT ? json : journalText(entries.slice(Math.ceil(entries.length / 4)))
}

/** The newest entries in a znode's text; a malformed one costs itself alone. */
export function parseJournal (data: string | null | undefined): readonly JournalEntry[] {
  const list = jsonObject(data)?.['events']
  if (!Array.isArray(list)) return []
  return list.slice(-MOST_ENTRIES).flatMap((raw: unknown) => {
    const { at, event, epoch, resource, message } = (raw ?? {}) as Record<string, unknown>
    const known = typeof event === 'string' && Object.hasOwn(journalEvents, event) ? event as JournalEvent : null
    return known === null || !isMoment(at) ? [] : [boundedEntry({ at, event: known, epoch: count(epoch), resource: text(resource), message: text(message) ?? '' })]
  })
}
