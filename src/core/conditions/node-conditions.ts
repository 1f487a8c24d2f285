/** What is wrong with one node. */
import { isMissing } from '../fencing/judgement.ts'
import { suspicions, type FenceRecord } from '../model/fence-record.ts'
import { holdsNothing, isPresent, type Member } from '../model/member.ts'
import { namesInWords } from '../model/names-in-words.ts'
import { condition, type Condition } from './condition.ts'
import type { NodeFacts } from './facts.ts'
import { KEEPALIVE_LATE, type Thresholds } from './thresholds.ts'

/** Percent of health from which on a node is well, as PVC's client colours it. */
const WELL = 90

const STOPPED_HOLDING = 'Start its pvcnoded again, which releases everything at its start. If it cannot, make certain that the machine is down, then confirm it: `pvcctl confirm-fence {node}`, or `POST /api/v1/node/{node}/fence-confirmation`.'

/**
 * What the node says of itself is believed while its daemon is there.
 * @param advice what to do about a dead node, where that is not to confirm this very one
 */
export const nodeConditions = (member: Member, facts: NodeFacts, thresholds: Thresholds, advice: (node: string) => string | undefined): readonly Condition[] =>
  [...contact(member, facts, thresholds, advice(member.name)), ...isPresent(member) && member.daemonState !== 'stop' && member.daemonState !== 'dead' && member.daemonState !== 'fenced' ? [...work(member), ...resources(member, facts), ...checks(member, facts), ...flushed(member, facts)] : []]

/** Nothing may have switched the node off. */
const operatorsWord = ({ confirmed_by: by, attempts }: FenceRecord): string =>
  `: ${by === null ? 'an operator' : `the operator ${by}`} has confirmed that it is down${attempts === 0 ? '' : `, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} to fence it`}`

function contact (member: Member, facts: NodeFacts, thresholds: Thresholds, advice: string | undefined): readonly Condition[] {
  const { name: node, daemonState, coordinatorState, stateVersion } = member
  if (daemonState === 'dead') {
    const { fence, stateSince } = facts
    const why = fence?.why == null ? '' : `: ${suspicions[fence.why]}`
    const dead = condition('node_dead', `${node} is judged dead${why}.`, { node, since: stateSince })
    const last = fence?.message == null ? '' : ` ${fence.message}`
    return fence?.state !== 'unconfirmed' ? [dead] : [dead, condition('fence_unconfirmed', `${node} is not known to be down after ${fence.attempts} ${fence.attempts === 1 ? 'attempt' : 'attempts'} to fence it.${last}`, { node, since: fence.since, advice })]
  }
  if (daemonState === 'fenced') {
    const { fence, stateSince } = facts
    const left = facts.domains()
    const how = fence?.method === 'operator' ? operatorsWord(fence) : fence?.confirmed_by == null ? '' : `, confirmed by ${fence.confirmed_by}`
    const fenced = condition('node_fenced', `${node} was fenced${how}.`, { node, since: stateSince })
    return left.length === 0 ? [fenced] : [condition('domains_left', `${node} was fenced, and ${left.length} ${left.length === 1 ? 'domain is' : 'domains are'} still on it: ${namesInWords(left)}.`, { node, since: stateSince }), fenced]
  }
  if (daemonState === 'stop') {
    if (holdsNothing(member)) return [condition('node_stopped', `${node} is stopped.`, { node, since: facts.stateSince })]
    return [condition('node_stopped', `${node} is stopped, and has not said that it released everything: no other node takes over what it may hold.`, { node, since: facts.stateSince, advice: STOPPED_HOLDING }, 'critical')]
  }
  if (isMissing(member)) return [condition('node_unreachable', `${node} is out of contact with ZooKeeper, and was ${daemonState}.`, { node, since: facts.keepaliveAt }, coordinatorState === 'client' || coordinatorState === 'secondary' ? 'warning' : 'critical')]
  if (daemonState === null || (coordinatorState === null && daemonState !== 'init')) {
    // One that was only registered has not begun to take part.
    return daemonState === null && stateVersion === null ? [] : [condition('node_unreadable', `The ${daemonState === null ? 'daemon' : 'coordinator'} state of ${node} cannot be read.`, { node, since: facts.stateSince })]
  }
  if (member.fencersWord && coordinatorState !== 'primary') return [condition('state_disbelieved', `${node} has come back after a fence that is not confirmed, and has not said since that it holds nothing.`, { node, since: member.stateSince })]
  const { keepaliveAge } = facts
  if (keepaliveAge === null || !thresholds.passed(keepaliveAge, KEEPALIVE_LATE)) return []
  return [condition('keepalive_late', `${node} has written no keepalive for more than ${KEEPALIVE_LATE / 1000} s.`, { node, since: facts.keepaliveAt }, !member.ours && coordinatorState === 'primary' ? 'critical' : 'warning')]
}

function work ({ name: node, coordinatorState, daemonState, transition, presence }: Member): readonly Condition[] {
  const isStuck = transition?.error != null && (coordinatorState === 'relinquish' || (daemonState === 'init' && transition.direction === 'start'))
  return [
    ...isStuck && transition?.error != null ? [condition('release_failed', `${node} cannot release ${transition.error.resource ?? 'its resources'}: ${transition.error.message}`, { node, since: transition.since })] : [],
    ...(presence?.readiness?.unready ?? []).map(({ resource, message, since }) => condition('node_not_ready', `${node} is not ready to acquire ${resource}: ${message}`, { node, resource, since })),
    ...presence?.backoff == null ? [] : [condition('node_backs_off', `${node} leaves the role to its peers until ${presence.backoff.until}: ${presence.backoff.why}`, { node })],
  ]
}

const resources = ({ name: node, coordinatorState, daemonState }: Member, { resources: all }: NodeFacts): readonly Condition[] => all.flatMap(({ name: resource, state, since, error, concerns }) => {
  const seen = concerns.map((each) => condition(each.code, `${node}: ${each.message}.`, { node, resource, since: each.since }))
  if (state !== 'lost' && state !== 'failed') return seen
  const because = error === null ? '' : `: ${error}`
  // One that starts has the state of its earlier run still, and is primary no more.
  return [...seen, coordinatorState === 'primary' && daemonState !== 'init'
    ? condition('resource_lost', `${node} is primary and does not hold ${resource}${because}`, { node, resource, since })
    : condition('resource_failed', `${node} has failed with ${resource}${because}`, { node, resource, since })]
})

const checks = ({ name: node }: Member, { health, staleChecks }: NodeFacts): readonly Condition[] => [
  ...health !== null && health < WELL ? [condition('node_health_low', `The health of ${node} is ${health} %.`, { node })] : [],
  ...staleChecks > 0 ? [condition('checks_stale', `${staleChecks} ${staleChecks === 1 ? 'check' : 'checks'} of ${node} failed or came too late.`, { node })] : [],
]

const flushed = ({ name: node }: Member, { domainState }: NodeFacts): readonly Condition[] =>
  domainState === 'flush' || domainState === 'flushed' ? [condition('node_flushed', `${node} runs no domains: its domain state is ${domainState}.`, { node })] : []
