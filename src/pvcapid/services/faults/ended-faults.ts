/**
 * Which conditions have ended for certain, by the znodes as they are at one moment: whether or not any API has seen them begin. Of a fault that a node
 * raises at an event nothing else says when it is over. A kind of fault without an end here stays until an operator deletes it.
 */
import { conditionKinds, type ConditionCode } from '../../../core/conditions/kinds.ts'
import { isPresent } from '../../../core/model/member.ts'
import { MOST_UNREADY } from '../../../core/model/readiness.ts'
import { faultId } from '../../../core/pvc/fault.ts'
import type { ApiSnapshot } from '../../../projection/api-snapshot.ts'

/** What a fault is about. */
export interface Subject {
  readonly code: ConditionCode
  readonly node: string | null
  readonly resource: string | null
}

/** Kinds with a proof of their own below; and those that are no condition of the cluster. */
const proven: ReadonlySet<ConditionCode> = new Set(['node_dead', 'fence_unconfirmed', 'resource_lost', 'domains_left', 'fault', 'view_stale'])
/** Kinds that begin only when something has lasted for a while, which each API measures by its own clock: another one may not have waited as long. */
export const measured: ReadonlySet<ConditionCode> = new Set(['primary_missing', 'switchover_overdue', 'switchover_slow', 'lock_held', 'keepalive_late'])
const others = (Object.keys(conditionKinds) as ConditionCode[]).filter((code) => conditionKinds[code].delta > 0 && !proven.has(code))

/** That another node has taken the resource over is no end: this node may be unable to acquire it when it is needed. */
export function isMended (latest: ApiSnapshot, node: string, resource: string): boolean {
  const details = latest.node(node)?.details
  const status = details?.resources?.find(({ name }) => name === resource)
  if (details?.resources === undefined || status === undefined || status.state === 'held') return true
  // It holds nothing any more, and checks everything before it contends again.
  if (details.daemon_state === 'stop' || details.daemon_state === 'fenced') return true
  const member = latest.cluster?.members.find(({ name }) => name === node)
  // Not every resource can be checked without acquiring it: so the time for which its node leaves the role to its peers has to be over, too.
  const isCandidate = member !== undefined && member.coordinatorState === 'secondary' && isPresent(member) && member.presence?.backoff == null
  const readiness = isCandidate ? member.presence?.readiness ?? null : null
  return readiness !== null && readiness.unready.length < MOST_UNREADY && !readiness.unready.some((each) => each.resource === resource)
}

/** Nothing that runs is left on the node: it was started elsewhere, or stopped. */
export const isRecovered = (latest: ApiSnapshot, node: string): boolean => latest.domainsOn(node).length === 0

/**
 * Whether a fault of these kinds has ended that no API may have seen begin. Looks at the nodes that faults name, not at each of thousands.
 * @param unseen kept faults for which there is no condition at present
 */
export function endedIn (latest: ApiSnapshot, unseen: ReadonlyArray<{ readonly id: string, readonly message: string }>): ReadonlyMap<string, Subject> {
  const ended = new Map<string, Subject>()
  for (const node of new Set(unseen.flatMap(({ message }) => nodesIn(message, latest)))) {
    const details = latest.node(node)?.details
    for (const code of ['node_dead', 'fence_unconfirmed'] as const) {
      const id = faultId({ kind: code, node })
      // A node that is fenced is not dead, however late its fault is written; any other state has to be younger than the fault.
      if (details?.daemon_state === 'fenced' || (details?.daemon_state !== 'dead' && latest.isYounger(node, 'daemonstate', id))) ended.set(id, { code, node, resource: null })
    }
    if (isRecovered(latest, node)) ended.set(faultId({ kind: 'domains_left', node }), { code: 'domains_left', node, resource: null })
    for (const { name: resource, state } of details?.resources ?? []) {
      const id = faultId({ kind: 'resource_lost', node, subject: resource })
      // The state of a resource that was lost this moment may still be written.
      if (isMended(latest, node, resource) && (state !== 'held' || latest.isYounger(node, 'resources', id))) ended.set(id, { code: 'resource_lost', node, resource })
    }
  }
  for (const { id, message } of unseen) {
    const about = ended.has(id) ? undefined : conditionOf(id, message, latest) ?? removedResource(id, message, latest)
    if (about !== undefined) ended.set(id, about)
  }
  return ended
}

const WORDS = /[A-Za-z0-9][A-Za-z0-9._-]*/g
const PUNCTUATION = /[._-]$/
/** Characters of a name at most. */
const LONGEST = 64

/** What may be a name in a message. The end of a word may be that of its sentence; one too many does no harm, because the id of a fault proves what it is about. */
function namesIn (message: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [word] of message.matchAll(WORDS)) {
    let name = word.slice(0, LONGEST)
    names.add(name)
    for (; PUNCTUATION.test(name); name = name.slice(0, -1)) names.add(name.slice(0, -1))
  }
  return names
}

/** The nodes that a message names. */
const nodesIn = (message: string, latest: ApiSnapshot): readonly string[] => [...namesIn(message)].filter((name) => latest.node(name) !== undefined)

/** A resource that its node has lost, and is no longer configured with since: the message of the fault names both, and the id proves it. */
function removedResource (id: string, message: string, latest: ApiSnapshot): Subject | undefined {
  for (const node of nodesIn(message, latest)) {
    const resources = latest.node(node)?.details.resources
    if (resources === undefined || !latest.isYounger(node, 'resources', id)) continue
    const resource = [...namesIn(message)].find((word) => faultId({ kind: 'resource_lost', node, subject: word }) === id)
    if (resource !== undefined && !resources.some(({ name }) => name === resource)) return { code: 'resource_lost', node, resource }
  }
  return undefined
}

/** The condition whose fault has this id, as a client has acknowledged it or a fencing node has found it; each names its node in its message. */
function conditionOf (id: string, message: string, latest: ApiSnapshot): Subject | undefined {
  const named = nodesIn(message, latest)
  for (const code of others) {
    if (faultId({ kind: code, node: '' }) === id) return { code, node: null, resource: null }
    for (const node of named) {
      if (faultId({ kind: code, node }) === id) return { code, node, resource: null }
      const resource = latest.node(node)?.details.resources?.find(({ name }) => faultId({ kind: code, node, subject: name }) === id)?.name
      if (resource !== undefined) return { code, node, resource }
    }
  }
  return undefined
}
