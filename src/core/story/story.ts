/**
 * The story of one switchover in one list: what its record says, and what the journals of the nodes add. Pure. For people: moments come from several clocks, which
 * may differ by more than what lies between two entries.
 */
import { suspicions } from '../model/fence-record.ts'
import type { PreferenceName } from '../model/preference.ts'
import { isMoment } from '../model/znode.ts'
import { journalEvents, type JournalEntry } from './journal.ts'
import type { Outcome } from '../model/states.ts'
import { coordinatorStates } from '../model/states.ts'
import { certainty, judgement } from './failed-holder.ts'
import { ineligibilities } from '../switchover/eligibility.ts'
import type { Switchover } from '../switchover/view.ts'

export const storyEvents = {
  last_sign: 'the last keepalive of the node that failed',
  ...journalEvents,
  confirmed: 'an operator has confirmed that a node is down',
  begun: 'the record was made, just before the primary key was written',
  state: 'a node came into a coordinator state',
  held: 'every resource is held again',
  closed: 'the switchover is over',
  last_held: 'the role was held for the last time, as far as is known',
  journal_gone: 'a node that had a part in it has been removed since, and its journal with it',
} as const
export type StoryEvent = keyof typeof storyEvents

export interface StoryEntry {
  /** RFC 3339. */
  readonly at: string
  /** Which node did it, or which it is about; null for what no node did. */
  readonly node: string | null
  readonly event: StoryEvent
  readonly resource: string | null
  /** A sentence. */
  readonly message: string
}

/** What one node has written in its journal. */
export interface NodeJournal {
  readonly node: string
  readonly entries: readonly JournalEntry[]
  /** When the node was registered, RFC 3339 by the ensemble's clock. */
  readonly since: string
}

/** RFC 3339; entries of no switchover that are in between belong to this one. */
export interface StoryWindow {
  readonly from: string
  readonly until: string
}

/** Entries of one story, the newest of more. */
const MOST = 500

/**
 * @param journals of every node that there is: those of nodes that the switchover names, and of others that may have something to add
 * @returns the oldest first
 */
export function storyOf (switchover: Switchover, journals: readonly NodeJournal[], window: StoryWindow): readonly StoryEntry[] {
  const own = [...failureEntries(switchover), ...recordEntries(switchover)]
  // The record has these of the node that failed, and keeps them for longer.
  const isTold = ({ event, message }: JournalEntry) => (event === 'judged' || event === 'fenced') && own.some((entry) => entry.event === event) && message.startsWith(`${switchover.evidence?.node} is `)
  const isPart = ({ epoch, at }: JournalEntry) => epoch === switchover.epoch || (epoch === null && at >= window.from && at <= window.until)
  const added = journals.flatMap(({ node, entries }) => entries.filter((entry) => isPart(entry) && !isTold(entry))
    .map(({ at, event, resource, message }): StoryEntry => ({ at, node, event, resource, message })))
  return [...own, ...added, ...removals(switchover, journals)].filter(({ at }) => isMoment(at)).sort(inOrder).slice(-MOST)
}

/** The nodes that had a part in it, as far as its record says. */
export function nodesOf ({ from, became, evidence, nodes, timeline }: Switchover): readonly string[] {
  const confirmedBy = evidence?.fence?.method === 'operator' ? null : evidence?.fence?.confirmed_by
  const named = [from, became, evidence?.node, evidence?.judged_by, confirmedBy, ...Object.keys(nodes), ...timeline.map(({ node }) => node)]
  return [...new Set(named.filter((name) => name != null))].sort()
}

/** What such a node wrote in its journal is gone with it, also where another goes by its name now. When it was removed is not on record: it is told at the end. */
function removals (switchover: Switchover, journals: readonly NodeJournal[]): readonly StoryEntry[] {
  const { started_at: started, finished_at: finished } = switchover
  return nodesOf(switchover).flatMap((name): readonly StoryEntry[] => {
    const journal = journals.find(({ node }) => node === name)
    const about = { node: name, event: 'journal_gone', resource: null } as const
    if (journal === undefined) return [{ ...about, at: finished ?? started, message: `${name} has been removed from the cluster since, and its journal with it: what only ${name} wrote of this switchover is not told here.` }]
    const { since, entries } = journal
    // One that registers in the course of it has lost nothing, nor has one that was restored from a backup.
    return finished === null || since <= finished || entries.some((entry) => entry.at <= finished) ? [] : [{ ...about, at: finished, message: `${name} has been registered again at ${since}. The journal of before was removed with it: what only ${name} wrote of this switchover is not told here.` }]
  })
}

const inOrder = (a: StoryEntry, b: StoryEntry): number => a.at < b.at ? -1 : a.at > b.at ? 1 : 0

type Possible = Omit<StoryEntry, 'at'> & { readonly at: string | null }
const happened = (entry: Possible): entry is StoryEntry => entry.at !== null

/** How the former holder failed, as the record has it. */
function failureEntries ({ evidence }: Switchover): readonly StoryEntry[] {
  if (evidence === null) return []
  const { node, fence, judged_by: by, why } = evidence
  const about = { node, resource: null }
  const entries: Possible[] = [
    { ...about, at: evidence.last_sign_at, event: 'last_sign', message: `${node} wrote its last keepalive.` },
    { at: evidence.judged_at, node: by, event: 'judged', resource: null, message: why === null ? judgement(evidence) : `${node} was judged dead: ${suspicions[why]}.` },
    ...fence?.state === 'confirmed'
      ? [{ at: fence.confirmed_at, node: fence.method === 'operator' ? null : fence.confirmed_by, event: fence.method === 'operator' ? 'confirmed' : 'fenced', resource: null, message: certainty(evidence) } as const]
      : [],
  ]
  return entries.filter(happened)
}

const ends: Readonly<Record<Outcome, string>> = {
  succeeded: 'The switchover has succeeded',
  failed: 'The switchover has failed',
  superseded: 'Another change of the primary key took the place of this switchover',
  timed_out: 'The switchover was not done within its bound',
  not_applied: 'The primary key was never written for this switchover',
}

const overridden: Readonly<Record<PreferenceName, string>> = {
  health: ineligibilities.health_too_low,
  priority: ineligibilities.priority_zero,
  resources: ineligibilities.lacks_resources,
}

/** Whose request it was, and what it overrode. */
const asked = ({ requested_by: by, force }: Switchover): string =>
  `${by === null ? '' : `, asked for by ${by}`}${force === null ? '' : `; overridden for its target: ${force.map((name) => overridden[name]).join(', and ')}`}`

function recordEntries (switchover: Switchover): readonly StoryEntry[] {
  const { evidence, last_held_at: last } = switchover
  const { from, to, cause, reason, started_at: started, finished_at: finished, held_again_at: again, outage_seconds: seconds, outcome, error, became, timeline } = switchover
  const entries: Possible[] = [
    // The last keepalive of a node that failed is told as such.
    { at: last === evidence?.last_sign_at ? null : last, node: from, event: 'last_held', resource: null, message: `Everything was held for the last time, as far as is known${from === null ? '.' : `: by ${from}.`}` },
    { at: started, node: null, event: 'begun', resource: null, message: `From ${from ?? 'no node'} to ${to ?? 'any other coordinator'} (${cause}${asked(switchover)})${reason === null ? '.' : `: ${reason}`}` },
    ...timeline.map(({ at, node, coordinator_state: state }): StoryEntry => ({ at, node, event: 'state', resource: null, message: `${node} is ${state}: ${coordinatorStates[state]}.` })),
    { at: again, node: became ?? to, event: 'held', resource: null, message: `Everything is held again${seconds === null ? '.' : `, after ${seconds} s in which at least one resource was not.`}` },
    ...outcome === null ? [] : [{ at: finished, node: null, event: 'closed', resource: null, message: `${ends[outcome]}${error === null ? '.' : `: ${error.message}`}` } as const],
  ]
  return entries.filter(happened)
}
