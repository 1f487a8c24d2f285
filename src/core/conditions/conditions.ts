/**
 * What is wrong in the cluster: the one list that every surface shows, so that none says something else than another. Pure; a condition is there for
 * exactly as long as the facts are so.
 */
import { fencingReport, type FencingReport } from '../fencing/report.ts'
import { isPresent, type Member } from '../model/member.ts'
import type { Fault } from '../pvc/cluster-status.ts'
import { faultId } from '../pvc/fault.ts'
import { newerSchemaSentence } from '../pvc/schema.ts'
import { differences, lacksInWords } from '../switchover/lacking.ts'
import { condition, sorted, type Condition } from './condition.ts'
import type { ClusterFacts } from './facts.ts'
import { KeptConditions } from './kept-conditions.ts'
import { nodeConditions } from './node-conditions.ts'
import { roleConditions } from './role-conditions.ts'
import { Thresholds } from './thresholds.ts'

export interface Found {
  /** The worst first. */
  readonly conditions: readonly Condition[]
  /** Milliseconds for which that holds if nothing changes. */
  readonly holds: number
}

/**
 * @param kept of the look before: the caller has it forget each node of which a fact may be different, its age aside
 * @param now by the observer's monotonic clock
 */
export function conditionsOf (facts: ClusterFacts, kept = new KeptConditions(), now = 0): Found {
  const thresholds = new Thresholds()
  const { members, node } = facts
  const fencing = fencingReport(members, (name) => node(name).fence, facts.maintenance)
  const confirm = fencing?.suspended?.confirm ?? []
  const unblocking = unblockingAdvice(confirm)
  kept.adviseBy(confirm.join())
  const found = [
    ...roleConditions(facts, thresholds, unblocking),
    ...members.flatMap((member) => kept.of(member, now, thresholds, (own) => nodeConditions(member, node(member.name), own, unblocking))),
    ...fencing === null ? [] : fencingConditions(fencing),
    ...clusterConditions(facts),
  ]
  const known = new Set(found.map(({ fault }) => fault))
  const unknown = facts.faults.filter((fault) => fault.status !== 'ack' && !known.has(fault.id) && !isInPart(fault))
  const leftOn = new Map(unknown.length === 0 ? [] : members.map((member) => [domainsLeftId(member), member.name]))
  const faults = unknown.map((fault) => ofFault(fault, leftOn.get(fault.id)))
  return { conditions: Object.freeze(sorted([...found, ...faults])), holds: thresholds.holds }
}

/** Of thousands of members, which are the same from one look to the next. */
const domainsLeftIds = new WeakMap<Member, string>()

function domainsLeftId (member: Member): string {
  const id = domainsLeftIds.get(member) ?? faultId({ kind: 'domains_left', node: member.name })
  domainsLeftIds.set(member, id)
  return id
}

/** Every condition that advises a confirmation names the same nodes: while several are dead, that of another one unblocks nothing. */
function unblockingAdvice (confirm: readonly string[]): (node: string) => string | undefined {
  return (node) => confirm.length === 0 || confirm.includes(node)
    ? undefined
    : `No node is fenced while several coordinators are dead. Make certain that ${confirm.join(', ')} ${confirm.length === 1 ? 'is' : 'are'} down, then confirm that: ${confirm.map((name) => `\`pvcctl confirm-fence ${name}\` (\`POST /api/v1/node/${name}/fence-confirmation\`)`).join(', ')}. Then {node} is fenced if it can be; if not, confirm it, too.`
}

function fencingConditions ({ suspended, broken, failover }: FencingReport): readonly Condition[] {
  const nodes = [...new Set(broken.map(({ node }) => node))]
  return [
    ...suspended === null
      ? []
      : [condition('fencing_suspended', suspended.why === 'maintenance'
          ? `${suspended.nodes.join(', ')} is not fenced: the cluster is in maintenance mode.`
          : `${suspended.nodes.join(', ')} are dead or out of contact at once, so none of them is fenced.`)],
    ...nodes.map((node) => {
      const all = broken.filter((each) => each.node === node)
      return condition('fence_probe', `${node} could not be fenced now, as ${all.map(({ found_by: by }) => by).join(', ')} found: ${all[0]?.message}`, { node, since: all[0]?.since })
    }),
    ...failover === 'differs' ? [condition('failover_differs', 'The coordinators are configured differently: some fence a dead primary, others do not.')] : [],
  ]
}

function clusterConditions ({ members, node, maintenance, newerSchema }: ClusterFacts): readonly Condition[] {
  const versions = [...new Set(members.map(({ name }) => node(name).version).filter((version) => version !== null))].sort()
  return [
    ...newerSchema === null ? [] : [condition('schema_too_new', newerSchemaSentence(newerSchema, 'API'))],
    ...members.filter(isPresent).flatMap((member) => {
      const lacking = differences(member, members)
      return lacking.length === 0 ? [] : [condition('resources_differ', `${member.name} does not have ${lacksInWords(lacking)}.`, { node: member.name })]
    }),
    ...maintenance ? [condition('maintenance', 'The cluster is in maintenance mode.')] : [],
    ...versions.length > 1 ? [condition('versions_differ', `The nodes run ${versions.join(', ')}.`)] : [],
  ]
}

/** Being raised or deleted: its znode is there, and its texts are not. */
const isInPart = ({ message, first_reported: first, last_reported: last }: Fault): boolean => message === '' && first === '' && last === ''

/**
 * A fault that a node or a client of PVC has raised, and that no condition stands for.
 * @param node on which domains are left, if it is that fault
 */
function ofFault ({ id, message, first_reported: first }: Fault, node: string | undefined): Condition {
  const since = first === '' ? null : `${first.replace(' ', 'T')}Z`
  return node === undefined
    ? condition('fault', message === '' ? `There is a fault ${id}.` : message, { since, fault: id })
    : condition('domains_left', message, { node, since, fault: id })
}
