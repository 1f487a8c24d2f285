/** What is wrong with the primary role: who should hold it, who does, and whether another could. */
import { holdsNothing, isPresent, isServing, type Member } from '../model/member.ts'
import { holderInWords } from '../model/lock-holder.ts'
import type { Cause } from '../model/states.ts'
import { NOBODY } from '../model/states.ts'
import { isVacant, mayContend } from '../switchover/contention.ts'
import { capablePeers, incapacityReasons, unwillingnessReasons } from '../switchover/eligibility.ts'
import { onTheWay } from '../switchover/rules.ts'
import { whyNobodyContends } from '../switchover/free-role.ts'
import { condition, type Condition } from './condition.ts'
import type { ClusterFacts } from './facts.ts'
import { LOCK_HELD, MISSING, OVERDUE, SLOW, type Thresholds } from './thresholds.ts'

/** By its cause, a switchover that moves the role from a primary that was there: the moment without one is part of it, and bounded. */
const isPlanned: Readonly<Record<Cause, boolean>> = {
  request: true, shutdown: true, rollback: true, restart: true, repair: true, contention: false, fence: false, external: true,
}

/** @param advice what to do about a dead node, where that is not to confirm this very one */
export function roleConditions (facts: ClusterFacts, thresholds: Thresholds, advice: (node: string) => string | undefined): readonly Condition[] {
  const overdue = facts.open.filter(({ record, age }) => thresholds.passed(age, record.timeout * 1000 + OVERDUE))
  // A key that is repaired by being freed comes from a primary that is there; one that another node takes over does not.
  const planned = facts.open.some((each) => isPlanned[each.record.cause] && !(each.record.cause === 'repair' && each.record.to !== null) && !overdue.includes(each))
  return [
    ...overdue.map(({ record }) => condition('switchover_overdue', `Switchover ${record.epoch} (${record.from ?? 'none'} to ${record.to ?? 'any other'}) is not over, ${record.timeout} s after it began.`, { since: record.started_at })),
    ...primary(facts, planned, thresholds, advice),
    ...lock(facts, thresholds),
    ...successor(facts),
  ]
}

/** It is primary, and does a primary's work. */
export const isHolding = (member: Member) => member.coordinatorState === 'primary' && isServing(member)

function primary (facts: ClusterFacts, planned: boolean, thresholds: Thresholds, advice: (node: string) => string | undefined): readonly Condition[] {
  const { key, members } = facts
  const holders = members.filter(isHolding).map(({ name }) => name)
  if (holders.length > 1) return [condition('several_primaries', `${holders.join(' and ')} say that they are primary.`)]
  const since = key?.since
  const named = members.find(({ name }) => name === key?.value)
  if (key === null || key.value === NOBODY) {
    const [holder] = holders
    if (holder === undefined) return missing(facts, planned, thresholds, key === null ? 'There is no primary key.' : 'The primary key names no node.', { since })
    return planned
      ? []
      : [condition('primary_mismatch', `${holder} is primary, and the primary key names no node.`, { node: holder, since })]
  }
  if (named?.mode !== 'coordinator') return [condition('primary_unknown', `The primary key names "${key.value}", which is no coordinator.`, { since })]
  if (holders.includes(named.name)) return []
  if (!isServing(named)) return [gone(named, facts, advice(named.name))]
  const [holder] = holders
  if (holder === undefined) return missing(facts, planned, thresholds, `${named.name} is ${named.coordinatorState === 'takeover' ? 'taking over' : `to be primary, and is ${named.coordinatorState ?? 'in no readable state'}`}.`, { node: named.name, since })
  return planned ? [] : [condition('primary_mismatch', `${holder} is primary, and the primary key names ${named.name}.`, { node: holder, since })]
}

/** What to do where every coordinator backs off, or could not take over. */
const IDLE = 'Mend what is named. A node that leaves the role to its peers contends again by itself at the time that is named; a request that names it, `pvcctl switch --to`, or `POST /api/v1/switchover` with `to`, does not wait for that.'

/** A planned switchover has its moment without a primary, and no more than that. */
function missing ({ key, vacant, members }: ClusterFacts, planned: boolean, thresholds: Thresholds, message: string, where: { readonly node?: string, readonly since: string | null | undefined }): readonly Condition[] {
  // Whatever record is open, no node works on it.
  const idle = key === null || isVacant(key.value, members) ? whyNobodyContends(members) : null
  if (idle !== null) return [condition('primary_missing', `${message} No coordinator takes the role over at present: ${idle}.`, { ...where, advice: IDLE })]
  if (!planned) return [condition('primary_missing', message, where)]
  if (!thresholds.passed(vacant, SLOW)) return []
  const isMissing = thresholds.passed(vacant, MISSING)
  const states = members.filter(({ name }) => name !== where.node).map(inTheWay).join('')
  return [condition(isMissing ? 'primary_missing' : 'switchover_slow', `No node has served as primary for more than ${(isMissing ? MISSING : SLOW) / 1000} s, although a switchover is in progress. ${message}${states}`, where)]
}

/** As a sentence with a space before it; empty where a takeover does not wait for this node. */
function inTheWay (member: Member): string {
  const { name, coordinatorState, daemonState } = member
  if (daemonState === 'stop') return holdsNothing(member) ? '' : ` ${name} is stopped, and has not said that it released everything.`
  return coordinatorState === 'relinquish' || coordinatorState === 'takeover' ? ` ${name} is in ${coordinatorState}.` : ''
}

/** It need not be confirmed any more. */
const FENCED = 'It holds nothing any more, and a coordinator that may take over does so by itself. Where none does, the other conditions say why; `pvcctl eligible` names what each lacks, and `pvcctl switch --to NODE` makes one primary.'

/** Nothing is to be confirmed of it. */
const STARTING = 'Its daemon is there, and starts again: it releases what an earlier run has left, and takes part in the role after that. Wait for it. If it stays so, its own conditions and its log (`GET /api/v1/node/NODE/log`) say what is in the way.'

function gone (named: Member, { node }: ClusterFacts, advice: string | undefined): Condition {
  const { stateSince, keepaliveAt } = node(named.name)
  const how = isPresent(named) || named.daemonState === 'dead' || named.daemonState === 'fenced' ? `is ${named.daemonState ?? 'in no readable daemon state'}` : 'is out of contact with ZooKeeper'
  return condition('primary_dead', `The primary key names ${named.name}, which ${how}.`, { node: named.name, since: isPresent(named) ? stateSince : keepaliveAt ?? stateSince, advice: named.daemonState === 'fenced' ? FENCED : named.daemonState === 'init' && isPresent(named) ? STARTING : advice })
}

function lock ({ lock: held, members }: ClusterFacts, thresholds: Thresholds): readonly Condition[] {
  if (held === null || members.some(({ coordinatorState }) => coordinatorState === 'takeover') || !thresholds.passed(held.age, LOCK_HELD)) return []
  return [condition('lock_held', `The primary lock is held by ${holderInWords(held.holder)}, and no node is in takeover.`, { since: held.holder.since })]
}

/** Only while all is quiet: in the middle of a switchover no node is eligible. */
function successor ({ key, members }: ClusterFacts): readonly Condition[] {
  const coordinators = members.filter(({ mode }) => mode === 'coordinator')
  const holder = coordinators.find(isHolding)
  if (onTheWay(members).length > 0) return []
  const capable = capablePeers(holder?.name ?? null, coordinators)
  // What a node lacks keeps it from contending only while a peer that has it could, or the primary is there.
  const unwillingTo = (member: Member) => unwillingnessReasons(member, members, ['resources'])
  const unwilling = capable.flatMap((member) => unwillingTo(member).map(({ message }) => message))
  const contends = capable.some((member) => unwillingTo(member).length === 0)
  if (holder === undefined) {
    const isFree = key !== null && isVacant(key.value, members) && capable.some(({ name }) => mayContend(name, members))
    return contends || !isFree ? [] : [condition('candidates_unwilling', `No coordinator becomes primary by itself: ${unwilling.join('; ')}.`, { since: key.since }, 'critical')]
  }
  if (contends || coordinators.length < 2) return []
  if (unwilling.length > 0) return [condition('candidates_unwilling', `No other coordinator takes over from ${holder.name} by itself: ${unwilling.join('; ')}.`)]
  const reasons = coordinators.filter(({ name }) => name !== holder.name).flatMap((member) => incapacityReasons(member)).map(({ message }) => message)
  return [condition('successor_missing', `No other coordinator could take over from ${holder.name}: ${reasons.join('; ')}.`)]
}
