/** The cluster in one reply, as PVC's API shows it. */
import Type from 'typebox'
import { Condition } from './condition.ts'
import { Fault } from './fault.ts'
import { fractional, list, nullable, oneOf, ref, reply } from './forms.ts'
import { daemonStateOrUnknown, domainStateOrUnknown } from './states.ts'

const closed = <Properties extends Parameters<typeof Type.Object>[0]>(properties: Properties, description: string) =>
  Type.Object(properties, { description, additionalProperties: false })
const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description })
const figure = (description: string) => Type.Number({ description })
const word = (description: string) => nullable(Type.String(), description)
/** Empty where it cannot be read. */
const text = (description: string) => Type.String({ description })

const fencing = closed({
  failover: nullable(oneOf(['fenced', 'unfenced', 'manual', 'differs'], '`fenced`: a dead primary is fenced, then its role moves; `unfenced`: it counts as having released once its lease must have ended; `manual`: an operator has to confirm that it is down; `differs`: the coordinators are configured differently.'), 'What the coordinators do about a dead primary; null where none says.'),
  suspended: nullable(closed({
    why: oneOf(['maintenance', 'several_dead'], '`maintenance`: the cluster is in maintenance mode; `several_dead`: more than one coordinator is dead or out of contact, so something else may be wrong.'),
    nodes: list(Type.String(), { description: 'The nodes because of which it is suspended.' }),
    confirm: list(Type.String(), { description: 'The nodes for which a confirmation that they are down lets the fencing of the others begin again.' }),
  }, 'Why no node is fenced.'), 'Why no dead node is fenced at present; null if that is not so.'),
  broken: list(closed({
    node: Type.String({ description: 'The node that could not be fenced now.' }),
    message: Type.String({ description: 'Why not, in a sentence.' }),
    since: Type.String({ description: 'When that was first found, RFC 3339, by the wall clock of the node that found it.' }),
    found_by: Type.String({ description: 'The coordinator that asked.' }),
  }, 'One fence that would fail.'), { description: 'Fences that would fail: each coordinator asks the fencing agent of every peer a harmless question at its start and every hour.' }),
  dead: list(closed({
    node: Type.String(),
    state: nullable(oneOf(['pending', 'unconfirmed', 'confirmed'], '`pending`: no attempt to fence it has ended yet; `unconfirmed`: its fence failed, or nothing can fence it; `confirmed`: a fence or an operator has confirmed that it holds nothing.'), 'How far its fence is; null where no record is kept.'),
    why: word('Why it was judged dead.'),
    attempts: Type.Integer({ description: 'How often it was tried to fence it.' }),
    since: word('Since when the state is so.'),
    message: word('What the last attempt came to.'),
  }, 'One dead node.')),
}, 'Dead nodes, and what is done about them. Missing in a cluster of PVC\'s daemons alone.')

const primaryLock = closed({
  child: Type.String({ description: 'The child of `/config/primary_node` that is first in line.' }),
  identifier: Type.String({ description: 'What the holder wrote into it.' }),
  session: nullable(Type.String(), 'The ZooKeeper session that owns it; null for a persistent znode.'),
  since: Type.String({ description: 'When it was made, RFC 3339, by the ensemble\'s clock.' }),
}, 'The holder of a lock.')

export const ClusterStatus = reply('ClusterStatus', 'The cluster in one reply.', {
  cluster_name: text('The cluster\'s name; empty where it has none.'),
  cluster: Type.Optional(Type.String({ description: 'The chroot: the znode of the ensemble under which everything of this cluster is. It tells clusters apart that share an ensemble. Missing where the cluster is at the root.' })),
  cluster_health: closed({
    health: Type.Integer({ description: 'Percent.' }),
    messages: list(closed({ id: Type.String(), health_delta: Type.Integer(), text: Type.String() }, 'One reason.')),
  }, 'The cluster\'s health, from its faults.'),
  node_health: Type.Record(Type.String(), closed({
    health: Type.Union([Type.Integer(), Type.Literal('N/A')], { description: 'Percent; `N/A` where it cannot be read.' }),
    messages: list(Type.String()),
  }, 'One node\'s health.'), { description: 'Health by node.' }),
  maintenance: oneOf(['true', 'false'], 'The text `true` while the cluster is in maintenance mode, else `false`.'),
  primary_node: text('The node that the primary key names; `none` if it names none.'),
  pvc_version: text('The version that the primary runs; `N/A` where there is none.'),
  upstream_ip: word('The cluster\'s floating address, CIDR.'),
  nodes: counts('Number of nodes, in all and by `<daemon state>,<domain state>`.'),
  vms: counts('Number of domains, in all and by each of PVC\'s states that occurs; one in another state counts in the total alone.'),
  networks: Type.Integer({ description: 'Not kept by this project: 0.' }),
  osds: counts('Not kept by this project: none.'),
  pools: Type.Integer({ description: 'Not kept by this project: 0.' }),
  volumes: Type.Integer({ description: 'Not kept by this project: 0.' }),
  snapshots: Type.Integer({ description: 'Not kept by this project: 0.' }),
  primary_lock: Type.Optional(nullable(primaryLock, 'The holder of the lock under which the primary key is changed; null: none. A takeover holds it from before `takeover` until after `primary`. While it is held and no node is in `takeover`, no switchover and no failover can begin. Missing in a cluster of PVC\'s daemons alone.')),
  fencing: Type.Optional(fencing),
  conditions: Type.Optional(list(ref(Condition), { description: 'What is wrong, the worst first; docs/conditions.md has every kind. Missing in a cluster of PVC\'s daemons alone.' })),
  stale: Type.Optional(Type.Boolean({ description: 'Whether this API has no contact with ZooKeeper: then this is what it knew last. Missing in a cluster of PVC\'s daemons alone.' })),
  resources: closed({
    memory: closed({
      total: figure('MB.'), free: figure('MB.'), used: figure('MB.'), allocated: figure('MB.'), provisioned: figure('MB.'), utilization: fractional('Percent.'),
    }, 'Memory of all nodes.'),
    cpu: closed({ total: figure('Processors.'), load: fractional('Sum of the loads.'), allocated: figure('Virtual processors.'), utilization: fractional('Percent.') }, 'Processors of all nodes.'),
    disk: closed({ total: figure('Bytes.'), used: figure('Bytes.'), free: figure('Bytes.'), utilization: fractional('Percent.') }, 'Not kept by this project: 0.'),
  }, 'What all nodes have together. A node whose figure is missing counts as 0.'),
  detail: closed({
    node: list(closed({ name: Type.String(), daemon_state: daemonStateOrUnknown, domain_state: domainStateOrUnknown }, 'One node.')),
    vm: list(closed({ uuid: Type.String(), name: text('The domain\'s name, or its uuid where that cannot be read.'), state: text('Its state; `unknown` where it cannot be read.') }, 'One domain.')),
    osd: list(Type.Unknown()),
    faults: list(ref(Fault)),
  }, 'Each thing by itself.'),
})

export const PrimaryNode = reply('PrimaryNode', 'Who is primary.', { primary_node: Type.String({ description: 'The node that the primary key names.', examples: ['hv1'] }) })
