/** The schema of pvcnoded's configuration file: each setting with its description, bounds and default. Durations are in seconds. */
import Type from 'typebox'
import type { Static } from 'typebox'
import { DEFAULT_MIN_HEALTH, DEFAULT_PRIORITY } from '../../core/model/preference.ts'
import { nodeModes } from '../../core/model/states.ts'
import { argv, coordinators, duration, logLevel, nodeName, pause, secretSection, section, zookeeper } from '../../runtime/config/config-common.ts'

/** What goes to a program or to another node as one line. */
const ONE_LINE = { pattern: '^[^\\u0000\\r\\n]*$', form: 'a text without line breaks and null bytes' }

/** The bound of one command: a process that is started, does something and ends takes some hundredths of a second; an hour is longer than any switchover may take. */
const ofCommand = { minimum: 0.05, maximum: 3_600 }
/** Between two looks, each of which starts processes; what is not looked at for an hour is not watched. */
const ofInterval = { minimum: 0.1, maximum: 3_600 }
/** A management controller takes seconds to answer, and a fence that is cut off too early is never confirmed. */
const ofFence = { minimum: 1, maximum: 3_600 }
/** Of how the role moves: some round trips to ZooKeeper, which take milliseconds each; and a minute in which no node is primary. */
const ofRoundTrips = { minimum: 0.05, maximum: 60 }

const resourceName = Type.String({ description: 'Names the resource in transitions, switchovers and logs.', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', form: 'a name of up to 64 letters, digits, dots, underscores and hyphens' })

const resourceTimes = {
  acquire_timeout: duration('Bound of one attempt to acquire; then its process group is killed.', ofCommand, 30),
  release_timeout: duration('Bound of one attempt to release; then its process group is killed.', ofCommand, 5),
  retries: Type.Integer({ description: 'Attempts after the first.', minimum: 0, maximum: 100, default: 2 }),
  check_interval: duration('Time between two checks, and bound of one. The primary checks that it is held, a secondary that it could be acquired.', ofInterval, 10),
}

const commandResource = Type.Object({
  name: resourceName,
  type: Type.Literal('command', { description: 'A resource that external commands acquire and release.' }),
  acquire: argv('Brings the resource to this node. Exit 0: it is held.'),
  release: argv('Takes it away from this node. Idempotent; exit 0: it is not held.'),
  check: Type.Optional(argv('Looks whether it is still held. Exit 0: it is. Without one it is not checked.')),
  ready: Type.Optional(argv('Looks whether it could be acquired here, and changes nothing. Exit 0: nothing is in the way. Without one only the programs are looked for.')),
  ...resourceTimes,
}, { additionalProperties: false, description: 'A resource that commands acquire and release.' })

const floatingIp = Type.Object({
  name: resourceName,
  type: Type.Literal('floating-ip', { description: 'An address that moves with the role.' }),
  address: Type.String({ description: 'IPv4 or IPv6 address with its prefix length, as 10.0.0.254/24.' }),
  device: Type.String({ description: 'The network device that gets it, by any of its names.', pattern: '^[^\\s/]{1,127}$', form: 'a name of a network device, of up to 15 characters, or an alternative name, of up to 127' }),
  ...resourceTimes,
}, { additionalProperties: false, description: 'An address that moves with the role.' })

const systemdUnit = Type.Object({
  name: resourceName,
  type: Type.Literal('systemd-unit', { description: 'A unit that runs on the primary alone.' }),
  unit: Type.String({ description: 'Its full name, as dnsmasq.service.', pattern: '^[A-Za-z0-9:_.@\\\\-]+\\.[a-z]+$', form: 'the full name of a unit, as dnsmasq.service' }),
  ...resourceTimes,
}, { additionalProperties: false, description: 'A systemd unit that runs on the primary alone.' })

/** Told apart by `type`; another kind of resource is another entry here. */
const resource = Type.Union([commandResource, floatingIp, systemdUnit], { discriminator: 'type', description: 'Something only the primary holds.' })

const collector = Type.Object({
  name: Type.String({ description: 'Names the check in monitoring_plugins and in logs.', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', form: 'a name of up to 64 letters, digits, dots, underscores and hyphens' }),
  command: argv('Prints one JSON object: {"health_delta": 0 to 100, "message": "…", "data": …}, each optional.'),
  timeout: duration('Bound of one run; then its process group is killed.', ofCommand, 4),
}, { additionalProperties: false, description: 'A command that is run at each keepalive.' })

export const nodeConfigSchema = section('The configuration of pvcnoded.', {
  pvc: section('What everything else stands in.', {
    node: nodeName('The name of this node; unique in the cluster.'),
    mode: Type.Enum([...nodeModes], { description: 'coordinator (may become primary) or hypervisor (never does).' }),
    coordinators,
    api_address: Type.Optional(Type.String({ description: 'host:port of the pvcapid of this node, published for the others. Left out: none is published.' })),
    zookeeper,
    coordinator: section('How the primary role moves.', {
      lock_timeout: duration('Longest wait for the primary lock when contending.', ofRoundTrips, 0.4),
      transition_delay: duration('Wait between seeing the key change and acting on it.', ofRoundTrips, 0.5),
      settle_time: pause('Wait after the last resource before the new state is written.', 2),
      takeover_start: duration('How long a named node may take to begin its takeover before another may contend in its stead.', { minimum: 0.1, maximum: 600 }, 5),
      reclaim_delay: pause('How long a primary whom the key does not name waits for a peer to win before it contends itself.', 5),
      takeover_grace: Type.Optional(pause('With unfenced_failover: wait after a peer\'s presence is gone before its resources are taken. Default: session_timeout ÷ 3.')),
      handover_timeout: duration('Longest wait, on shutdown, for a peer to take over.', { minimum: 0.1 }, 120),
      resources: Type.Array(resource, { description: 'What the primary holds: acquired in this order, released in reverse; floating-ips beside one another are handed over in this order, too.', default: [] }),
    }),
    candidate: section('What this node prefers of its part in the primary role. A request may override it; no safety rests on it.', {
      priority: Type.Integer({ description: 'Of the coordinators that may contend for the role, the highest priority goes first; those of the same priority go at once. 0: this node never contends by itself, and becomes primary by a request alone. Whole number, no unit.', minimum: 0, maximum: 100, default: DEFAULT_PRIORITY }),
      min_health: Type.Integer({ description: 'Percent of its own health, as its collectors find it, below which this node neither contends nor is eligible. It does again when its health has been at or above that for three keepalive intervals, or at once while no node serves as primary. 0: its health does not matter.', minimum: 0, maximum: 100, default: DEFAULT_MIN_HEALTH }),
    }),
    system: section('The node itself.', {
      intervals: section('The keepalive.', {
        keepalive_interval: duration('Time between two keepalives.', { minimum: 0.5, maximum: 3_600 }, 5),
        fence_intervals: Type.Integer({ description: 'Keepalive intervals without a change after which a node counts as dead.', minimum: 1, maximum: 1000, default: 6 }),
      }),
      collectors: Type.Array(collector, { description: 'Commands that say how this node is, run at each keepalive beside one another.', default: [] }),
      fencing: section('What is done about dead nodes.', {
        method: Type.Enum(['none', 'command', 'ipmi'], { description: 'The fencing agent. none: failover is manual.', default: 'none' }),
        command: Type.Optional(argv('Ends the node whose name stands for {node}. Exit 0: it certainly holds nothing now.')),
        timeout: duration('Bound of one fence; then its process group is killed, and it is not confirmed.', ofFence, 30),
        saving_throws: Type.Integer({ description: 'Looks for a sign of life before a dead node is fenced.', minimum: 0, maximum: 100, default: 3 }),
        saving_interval: duration('Time before each of them; before the first it takes in the half second for which a presence had to be gone.', ofInterval, 1),
        cipher_suite: Type.Optional(Type.Integer({ description: 'The IPMI cipher suite, for controllers that do not say which they have. Left out: they are asked.', minimum: 0, maximum: 17 })),
        privilege: Type.Optional(Type.Enum(['operator', 'administrator'], { description: 'The IPMI privilege level that is asked for. operator is enough to switch the power, for users who have no more. Left out: ipmitool asks for administrator.' })),
        probe: Type.Optional(argv('Finds out, without changing anything, whether command could fence the node whose name stands for {node}. Exit 0: it could. Run at the start and every hour. Left out: only the program is looked for.')),
        recover: Type.Optional(argv('Starts the domains of a fenced node elsewhere, after its fence is confirmed. {node} stands for its name; PVC_DOMAINS has their uuids. Bound by the timeout of domains. Left out: they are named in the log and as a fault.')),
        ipmi: Type.Optional(secretSection('The management controller of this very node, published for the others.', {
          host: Type.String({ description: 'Its address: host, host:port, an IPv6 address, or [IPv6 address]:port.', minLength: 1, ...ONE_LINE }),
          username: Type.String({ description: 'A user that may switch the power.', minLength: 1, ...ONE_LINE }),
          password: Type.String({ description: 'The password of that user.', minLength: 1, ...ONE_LINE, secret: true }),
        }, false)),
        unfenced_failover: Type.Boolean({ description: 'Fail over without fencing, on the strength of the lease alone. Does not cover a paused process. Needs self_fence.', default: false }),
      }),
      domains: section('What is done when the node is asked to give its domains away, or to take them again.', {
        flush: Type.Optional(argv('Gives the domains away. Exit 0: none is left. Left out: it counts as done at once.')),
        unflush: Type.Optional(argv('Takes domains again. Exit 0: done. Left out: it counts as done at once.')),
        timeout: duration('Bound of one run; then its process group is killed.', { minimum: 1 }, 3600),
      }),
      self_fence: Type.Optional(argv('Ends this node at once; run when a release fails or hangs. It gets 60 s; an orderly end waits for it, and tries to release meanwhile.')),
      run_directory: Type.String({ description: 'Where the lock file is that keeps a second pvcnoded, or --release, from running beside this one. Belongs to root or to this user alone.', pattern: '^/[^\\u0000]*$', form: 'an absolute path', default: '/run/pvc' }),
    }),
    log_level: logLevel,
  }, false),
}, false)

/** The file as it stands, defaults filled in; durations in seconds. */
export type NodeConfigFile = Static<typeof nodeConfigSchema>
