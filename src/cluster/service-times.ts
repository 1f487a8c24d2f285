/**
 * How long a switchover that succeeded left the service without a holder, read as its record is closed.
 *
 * Moments are ZooKeeper's stamps, of one clock: that of the ensemble's leader. Only how long the releases of one node took is by that node's own clock. What
 * cannot be known so is null.
 */
import type { Member } from '../core/model/member.ts'
import type { Closing, Outage, ResourceCourse, SwitchoverRecord, TimelineEntry } from '../core/model/record.ts'
import { parseCourses, parseResources, type Course } from '../core/model/resource-states.ts'
import type { Znode } from '../core/model/znode.ts'
import { hasCode } from '../zookeeper/client/errors.ts'
import type { Session } from '../zookeeper/session/session.ts'
import { nodePath } from './layout.ts'
import { beganLastRelease } from './nodes/last-release.ts'
import { readRecord, readZnode } from './reading.ts'

export type ServiceTimes = Outage & Pick<SwitchoverRecord, 'resources'>

/**
 * @param members as they were when the record is closed
 * @param seen the states in which PVC nodes were seen, by ZooKeeper's stamps
 */
export async function serviceTimesFor (session: Session, record: SwitchoverRecord, { continued_by: next }: Closing, members: readonly Member[], seen: readonly TimelineEntry[]): Promise<Partial<ServiceTimes>> {
  try {
    return record.to === null ? await timesOf(session, next ?? null, record.last_held_at) : await readTimes(session, { ...record, to: record.to }, members, seen)
  } catch (error) {
    // A record that says less is closed all the same.
    if (hasCode(error, 'no_auth')) return {}
    throw error
  }
}

/** A freed key shares what became of the epoch that it went to. */
async function timesOf (session: Session, epoch: number | null, lost: string | null): Promise<Partial<ServiceTimes>> {
  const record = epoch === null ? null : (await readRecord(session, epoch))?.record ?? null
  if (record === null) return {}
  const { last_held_at: held, held_again_at: again, outage_seconds: seconds, resources } = record
  return { last_held_at: held ?? lost, held_again_at: again, outage_seconds: seconds, resources }
}

type Targeted = SwitchoverRecord & { readonly to: string }

async function readTimes (session: Session, record: Targeted, members: readonly Member[], seen: readonly TimelineEntry[]): Promise<ServiceTimes> {
  const isKnown = (name: string | null) => members.some((member) => member.name === name)
  // A record that is not ours may name anything.
  if (!isKnown(record.to)) return { last_held_at: record.last_held_at, held_again_at: null, outage_seconds: null, resources: {} }
  const releases = record.from !== null && record.from !== record.to && record.evidence === null && isKnown(record.from)
  const [taken, released, transition] = await Promise.all([
    readZnode(session, nodePath(record.to, 'resources')),
    releases ? readZnode(session, nodePath(record.from, 'resources')) : undefined,
    releases ? readZnode(session, nodePath(record.from, 'transition')) : undefined,
  ])
  const acquisitions = coursesOf(taken, 'acquire', record)
  const givings = coursesOf(released, 'release', record)
  const last = record.last_held_at ?? lastHeld(record, members, transition, released, seen)
  const again = heldAgain(record, members, acquisitions, taken)
  const seconds = last === null || again === null ? null : (Date.parse(again) - Date.parse(last)) / 1000
  const isSpan = seconds !== null && seconds >= 0
  return {
    last_held_at: record.last_held_at ?? (isSpan ? last : null),
    held_again_at: again,
    outage_seconds: isSpan ? seconds : null,
    resources: resourcesOf(record, acquisitions, givings),
  }
}

/** Those of this switchover: a key that was only repeated has a later epoch. */
const coursesOf = (znode: Znode | undefined, action: Course['action'], { epoch }: SwitchoverRecord): readonly Course[] =>
  parseCourses(znode?.data).filter((course) => course.action === action && course.epoch >= epoch)

/** When it wrote that it is primary, or that it holds every resource, if that was before. */
function heldAgain ({ epoch, to }: Targeted, members: readonly Member[], acquisitions: readonly Course[], taken: Znode | undefined): string | null {
  const taker = members.find(({ name }) => name === to)
  if (taker?.coordinatorState !== 'primary' || taker.stateSince === null) return null
  // Named again, it may never have released anything.
  const hasTaken = !taker.ours || (taker.transition?.direction === 'takeover' && taker.transition.epoch !== null && taker.transition.epoch >= epoch)
  if (!hasTaken) return null
  const statuses = parseResources(taken?.data) ?? []
  const holdsAll = taken !== undefined && statuses.length > 0 && statuses.every(({ name, state }) => state === 'held' && acquisitions.some((course) => course.name === name))
  return holdsAll && taken.modified < taker.stateSince ? taken.modified : taker.stateSince
}

/** When the former primary began to release, be it for a switchover before this one: it has taken nothing over since. */
function lastHeld ({ from }: SwitchoverRecord, members: readonly Member[], transition: Znode | undefined, resources: Znode | undefined, seen: readonly TimelineEntry[]): string | null {
  const former = members.find(({ name }) => name === from)
  if (former?.ours === false) return seen.find(({ node, coordinator_state: state }) => node === from && state === 'relinquish')?.at ?? null
  return beganLastRelease(transition, resources)
}

function resourcesOf ({ from, to }: Targeted, acquisitions: readonly Course[], givings: readonly Course[]): SwitchoverRecord['resources'] {
  const names = [...new Set([...acquisitions, ...givings].map(({ name }) => name))]
  const course = (name: string): ResourceCourse => {
    const [release, acquisition] = [givings, acquisitions].map((courses) => courses.find((each) => each.name === name))
    return {
      released_by: release === undefined ? null : from,
      release_seconds: release?.seconds ?? null,
      acquired_by: acquisition === undefined ? null : to,
      acquire_seconds: acquisition?.seconds ?? null,
    }
  }
  return Object.fromEntries(names.map((name) => [name, course(name)]))
}
