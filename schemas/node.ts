/** A node as PVC's API shows it. A field whose znode is missing or malformed is null. */
import Type from 'typebox'
import { list, nullable, reply } from './forms.ts'
import { coordinatorStateOrNull, daemonStateOrNull, domainStateOrNull } from './states.ts'

const name = Type.String({ description: 'The node\'s name.', examples: ['hv1'] })
const count = (description: string) => nullable(Type.Integer(), description)
const word = (description: string) => nullable(Type.String(), description)
const json = (description: string) => Type.Unsafe<unknown>({ description })

const pluginResult = Type.Object({
  name: Type.String({ description: 'The check\'s name.' }),
  last_run: count('When it last ran, seconds since 1970.'),
  health_delta: count('What it takes off the node\'s health.'),
  message: word('What it found, in a sentence.'),
  data: json('Whatever the check measured.'),
}, { additionalProperties: false })

const resource = Type.Object({
  name: Type.String({ description: 'The resource\'s name.' }),
  state: Type.Enum(['unknown', 'releasing', 'released', 'acquiring', 'held', 'lost', 'failed'], { description: 'Where it stands on this node.' }),
  since: Type.String({ description: 'When it came to that, RFC 3339.' }),
  error: word('Why it could not be acquired or released.'),
}, { additionalProperties: false, description: 'What is known of one of the primary\'s resources on this node.' })

export const Node = reply('Node', 'Everything that is known of one node.', {
  name,
  daemon_state: daemonStateOrNull,
  coordinator_state: coordinatorStateOrNull,
  domain_state: domainStateOrNull,
  pvc_version: word('The version of the daemon.'),
  cpu_count: count('Processors.'),
  kernel: word('The kernel\'s version.'),
  os: word('The operating system.'),
  arch: word('The processor\'s architecture.'),
  health: count('Health in percent.'),
  health_plugins: nullable(list(Type.String()), 'The checks that run on the node.'),
  health_details: nullable(list(pluginResult), 'What each check found.'),
  load: nullable(Type.Number(), 'The load average of a minute.'),
  domains_count: count('Domains that run here.'),
  running_domains: nullable(list(Type.String()), 'Their names.'),
  vcpu: Type.Object({
    total: count('Virtual processors there are.'),
    allocated: count('Virtual processors in use.'),
  }, { additionalProperties: false }),
  memory: Type.Object({
    total: count('Memory, MB.'),
    allocated: count('Allocated to running domains, MB.'),
    provisioned: count('Promised to domains, MB.'),
    used: count('In use, MB.'),
    free: count('Free, MB.'),
  }, { additionalProperties: false }),
  interfaces: nullable(Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true }), 'Figures of each network interface, by its name.'),
  resources: Type.Optional(list(resource)),
})

export const DaemonState = reply('DaemonState', 'A node\'s daemon state.', { name, daemon_state: daemonStateOrNull })
export const CoordinatorState = reply('CoordinatorState', 'A node\'s coordinator state.', { name, coordinator_state: coordinatorStateOrNull })
export const DomainState = reply('DomainState', 'A node\'s domain state.', { name, domain_state: domainStateOrNull })
export const NodeLog = reply('NodeLog', 'The end of a node\'s log.', { name, data: Type.String({ description: 'The lines, joined by line feeds.' }) })
