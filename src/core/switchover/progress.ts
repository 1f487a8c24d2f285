/**
 * How far a switchover has come, from the nodes' own transitions and states. Nothing here is remembered: every observer of the same
 * znodes sees the same, but for PVC peers, who publish no transition and appear with their state alone.
 */
import type { Member } from '../model/member.ts'
import type { NodeProgress, Particulars, SwitchoverRecord, TimelineEntry } from '../model/record.ts'
import { isAfterLoss, isOpen } from '../model/record.ts'
import type { Transition } from '../model/transition.ts'

/** If the key has named the taker again, its takeover is of a later epoch. */
const isOf = ({ epoch, direction }: Transition, name: string, record: SwitchoverRecord) =>
  epoch === record.epoch || (epoch !== null && epoch > record.epoch && name === record.to && direction === 'takeover')

const partOf = (member: Member, record: SwitchoverRecord) =>
  member.transition !== null && isOf(member.transition, member.name, record) ? member.transition : null

const takesPart = (member: Member, record: SwitchoverRecord) =>
  (member.name === record.from && !isAfterLoss(record)) || member.name === record.to || partOf(member, record) !== null

/** A transition is through once its node is in the state that it leads to. */
const leadsTo = { start: 'secondary', takeover: 'primary', relinquish: 'secondary' } as const

function stepsDone (member: Member, part: Transition): number {
  return member.coordinatorState === leadsTo[part.direction] ? part.of : part.step
}

function nodeProgress (member: Member, record: SwitchoverRecord): NodeProgress {
  const part = partOf(member, record)
  return {
    coordinator_state: member.coordinatorState,
    step: part === null ? 0 : stepsDone(member, part),
    of: part?.of ?? 0,
    resource: part?.resource ?? null,
  }
}

/** The states a node went through for this epoch: its transition's begin, and the state it has reached since. */
function statesPassed (member: Member, record: SwitchoverRecord): TimelineEntry[] {
  if (!member.ours) return pvcState(member, record)
  const part = partOf(member, record)
  if (part === null || part.direction === 'start') return []
  const entries: TimelineEntry[] = [{ at: part.since, node: member.name, coordinator_state: part.direction }]
  if (member.coordinatorState !== null && member.coordinatorState !== part.direction && member.stateSince !== null) {
    entries.push({ at: member.stateSince, node: member.name, coordinator_state: member.coordinatorState })
  }
  return entries
}

/** A PVC node publishes no transition: the state that it has reached since the switchover began is all there is to be seen. */
function pvcState ({ name, coordinatorState, stateSince }: Member, { started_at: begun }: SwitchoverRecord): TimelineEntry[] {
  return coordinatorState === null || stateSince === null || stateSince < begun ? [] : [{ at: stateSince, node: name, coordinator_state: coordinatorState }]
}

/** The states in which PVC nodes are now, of those that have a part in a switchover. An observer keeps them: the next state leaves no trace of the one before. */
export const peerStates = (record: SwitchoverRecord, members: readonly Member[]): readonly TimelineEntry[] =>
  members.filter((member) => !member.ours && (takesPart(member, record) || member.coordinatorState === 'takeover' || member.coordinatorState === 'relinquish')).flatMap((member) => pvcState(member, record))

const inOrder = (a: TimelineEntry, b: TimelineEntry): number => a.at < b.at ? -1 : a.at > b.at ? 1 : 0

/** A timeline with what an observer has seen besides, each state of a node once. */
export function mergedTimeline (timeline: readonly TimelineEntry[], seen: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const isNew = ({ node, coordinator_state: state, at }: TimelineEntry) => !timeline.some((entry) => entry.node === node && entry.coordinator_state === state && entry.at === at)
  return [...timeline, ...seen.filter(isNew)].sort(inOrder)
}

/** Finished over planned steps of those who take part; a node that has not begun counts as none of its steps. */
function fractionDone (record: SwitchoverRecord, parties: readonly Member[]): number {
  const shares = parties.map((member) => {
    const part = partOf(member, record)
    return part === null || part.of === 0 ? 0 : stepsDone(member, part) / part.of
  })
  return shares.length === 0 ? 0 : Math.round(100 * shares.reduce((sum, share) => sum + share, 0) / shares.length) / 100
}

/** Progress, nodes and timeline of an open record as the members show them; a closed one keeps its own. */
export function particularsOf (record: SwitchoverRecord, members: readonly Member[]): Particulars {
  if (!isOpen(record)) return record
  const parties = members.filter((member) => takesPart(member, record))
  return {
    progress: fractionDone(record, parties),
    nodes: Object.fromEntries(parties.map((member) => [member.name, nodeProgress(member, record)])),
    timeline: parties.flatMap((member) => statesPassed(member, record)).sort(inOrder),
  }
}
