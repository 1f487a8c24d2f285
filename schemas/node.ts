/** A node as PVC's API shows it. No field is null: PVC's client formats each of them. */
import Type from 'typebox'
import { fractional, list, nullable, reply } from './forms.ts'
import { coordinatorStateOrUnknown, daemonStateOrUnknown, domainStateOrUnknown } from './states.ts'

const name = Type.String({ description: 'The node\'s name.', examples: ['hv1'] })
const count = (description: string) => Type.Integer({ description: `${description} 0 where it cannot be read.` })
const word = (description: string) => Type.String({ description: `${description} \`N/A\` where it cannot be read.` })
const sentence = (description: string) => Type.String({ description })
const json = (description: string) => Type.Unsafe<unknown>({ description })

const pluginResult = Type.Object({
  name: Type.String({ description: 'The check\'s name.' }),
  last_run: count('When it last ran, seconds since 1970.'),
  health_delta: count('What it takes off the node\'s health.'),
  message: sentence('What it found, in a sentence; empty where it cannot be read.'),
  data: json('What the check measured.'),
}, { additionalProperties: false })

const rate = (description: string) => Type.Optional(fractional(`${description} 0 where it is no number.`))

const networkInterface = Type.Object({
  rx_pps: rate('Packets received a second.'),
  tx_pps: rate('Packets sent a second.'),
  rx_bps: rate('Bits received a second.'),
  tx_bps: rate('Bits sent a second.'),
  link_speed: rate('Megabits a second.'),
  state: Type.Optional(Type.String({ description: 'The kernel\'s word for its state, such as `up`; `unknown` where it is no text.' })),
}, { additionalProperties: true, description: 'What the node says of one interface: a figure that it does not publish is missing.' })

const concern = Type.Object({
  code: Type.Enum(['address_duplicate', 'address_unannounced'], { description: 'The code of the condition that it is.' }),
  message: sentence('What the node has seen, with its cause.'),
  since: Type.String({ description: 'When it was first seen, RFC 3339.' }),
}, { additionalProperties: false, description: 'What is wrong with a resource that is held all the same.' })

const resource = Type.Object({
  name: Type.String({ description: 'The resource\'s name.' }),
  state: Type.Enum(['unknown', 'releasing', 'released', 'acquiring', 'held', 'lost', 'failed'], { description: 'Where it stands on this node.' }),
  since: Type.String({ description: 'When it came to that, RFC 3339.' }),
  error: nullable(Type.String(), 'Why it could not be acquired or released.'),
  concerns: list(concern),
}, { additionalProperties: false, description: 'What is known of one of the primary\'s resources on this node.' })

export const Node = reply('Node', 'Everything that is known of one node.', {
  name,
  daemon_state: daemonStateOrUnknown,
  coordinator_state: coordinatorStateOrUnknown,
  domain_state: domainStateOrUnknown,
  pvc_version: word('The version of the daemon.'),
  cpu_count: count('Processors.'),
  kernel: word('The kernel\'s version.'),
  os: word('The operating system.'),
  arch: word('The processor\'s architecture.'),
  health: Type.Union([Type.Integer(), Type.Literal('N/A')], { description: 'Health in percent; the text `N/A` where it cannot be read, as of a node that was fenced.' }),
  health_plugins: list(Type.String(), { description: 'The checks that run on the node.' }),
  health_details: list(pluginResult, { description: 'What each check found.' }),
  load: fractional('The load average of a minute; 0.0 where it cannot be read.'),
  domains_count: count('Domains that run here.'),
  running_domains: list(Type.String(), { description: 'Their names.' }),
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
  interfaces: Type.Record(Type.String(), networkInterface, { description: 'Figures of each network interface, by its name.' }),
  resources: Type.Optional(list(resource)),
})

export const DaemonState = reply('DaemonState', 'A node\'s daemon state.', { name, daemon_state: daemonStateOrUnknown })
export const CoordinatorState = reply('CoordinatorState', 'A node\'s coordinator state.', { name, coordinator_state: coordinatorStateOrUnknown })
export const DomainState = reply('DomainState', 'A node\'s domain state.', { name, domain_state: domainStateOrUnknown })
export const NodeLog = reply('NodeLog', 'The end of a node\'s log.', { name, data: Type.String({ description: 'The lines, joined by line feeds.' }) })
