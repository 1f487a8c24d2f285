/**
 * The rules between pvcnoded's settings. Each message shows both numbers.
 * All numbers here are the file's: seconds.
 */
import { isIP, isIPv6 } from 'node:net'
import { isLoopback } from '../../runtime/addresses.ts'
import { leaseTerms } from '../../core/coordinator/lease.ts'
import { coordinatorsReads, coordinatorsRule, judgeCoordinators, milliseconds, noServerAt, parseHostPort } from '../../runtime/config/config-common.ts'
import type { Finding, Relation } from '../../runtime/config/yaml-config.ts'
import { builtInCollectors } from '../collectors/create.ts'
import { commandsOf } from './commands.ts'
import type { NodeConfigFile } from './schema.ts'
import { canonical, judgeFloatingAddresses } from '../resources/floating-addresses.ts'
import { judgeUnits } from '../resources/systemd-unit.ts'

const coordinator = 'pvc.coordinator'
const resources = `${coordinator}.resources`
const collectors = 'pvc.system.collectors'
const sessionTimeout = 'pvc.zookeeper.session_timeout'
const intervals = 'pvc.system.intervals'
const fencing = 'pvc.system.fencing'
const unfenced = `${fencing}.unfenced_failover`

export const nodeRelations: ReadonlyArray<Relation<NodeConfigFile>> = [
  { reads: coordinatorsReads, rule: coordinatorsRule, judge: ({ pvc }) => judgeCoordinators(pvc) },
  { reads: ['pvc.api_address', 'pvc.coordinators'], rule: 'It names a host at which the others can reach the API, and a port. A loopback address is a warning, unless the ZooKeeper servers are on this machine alone.', judge: judgeApiAddress },
  { reads: [resources, 'pvc.coordinators', 'pvc.api_address'], rule: 'The `address` of a `floating-ip` is not that of a ZooKeeper server or of the API: those are addresses of machines.', judge: judgePeersAddresses },
  { reads: [resources], rule: 'Names are unique.', judge: ({ pvc }) => judgeNames(resources, pvc.coordinator.resources, []) },
  { reads: [resources], rule: 'The `address` of a `floating-ip` has a prefix length, is the address of one machine (not of a network, not broadcast, multicast or loopback), and is there once; the prefix is /8 or longer for IPv4, /16 or longer for IPv6. Its `device` is a name without `@` and `:`.', judge: ({ pvc }) => judgeFloatingAddresses(resources, pvc.coordinator.resources) },
  { reads: [resources], rule: 'The `unit` of a `systemd-unit` is there once, and is no template without an instance. An alias of another one is a warning of `--check`, and an obstacle to eligibility.', judge: ({ pvc }) => judgeUnits(resources, pvc.coordinator.resources) },
  { reads: [collectors], rule: `Names are unique, and none is that of a collector which every node has: ${builtInCollectors.map((name) => `\`${name}\``).join(', ')}.`, judge: ({ pvc }) => judgeNames(collectors, pvc.system.collectors, builtInCollectors) },
  {
    reads: [`${coordinator}.transition_delay`, `${coordinator}.lock_timeout`],
    rule: '`transition_delay` > `lock_timeout`: a node that timed out on the lock is done before the winner takes over.',
    judge: ({ pvc: { coordinator: { transition_delay: delay, lock_timeout: lock } } }) =>
      unless(delay > lock, `${coordinator}.transition_delay`, `transition_delay (${delay} s) must be more than lock_timeout (${lock} s): a node that timed out on the lock must be done before the winner takes over.`),
  },
  {
    reads: [`${coordinator}.takeover_start`, `${coordinator}.transition_delay`],
    rule: '`takeover_start` > 2 × `transition_delay`: else a healthy taker would be repaired away.',
    judge: ({ pvc: { coordinator: { takeover_start: start, transition_delay: delay } } }) =>
      unless(start > 2 * delay, `${coordinator}.takeover_start`, `takeover_start (${start} s) must be more than twice transition_delay (2 × ${delay} s = ${tidy(2 * delay)} s), or a healthy taker would be repaired away.`),
  },
  {
    reads: [`${coordinator}.handover_timeout`, resources],
    rule: '`handover_timeout` > all `release_timeout`s together: else a shutdown could not wait for its own releases.',
    judge ({ pvc: { coordinator: { handover_timeout: handover, resources } } }) {
      const sum = releaseSum(resources)
      return unless(handover > sum, `${coordinator}.handover_timeout`, `handover_timeout (${handover} s) must be more than all release_timeouts together (${sum} s), or a shutdown could not wait for its own releases.`)
    },
  },
  {
    reads: [`${intervals}.keepalive_interval`, `${intervals}.fence_intervals`, sessionTimeout],
    rule: '`keepalive_interval` × `fence_intervals` > `session_timeout`: else a node would count as dead while its session lives.',
    judge ({ pvc: { system: { intervals: { keepalive_interval: interval, fence_intervals: count } }, zookeeper: { session_timeout: session } } }) {
      return unless(interval * count > session, `${intervals}.fence_intervals`, `keepalive_interval × fence_intervals (${interval} s × ${count} = ${tidy(interval * count)} s) must be more than session_timeout (${session} s), or a node would count as dead while its session lives.`)
    },
  },
  { reads: [fencing], rule: 'A `command` is there if and only if `method` is `command`; `unfenced_failover` is for `method: none`. An `ipmi` password has at most 20 bytes, its user name at most 16, and its `host` is an address. `{node}` is the only placeholder of `command`, `probe` and `recover`; another is a warning. So is a `command` that neither has it nor could read `PVC_NODE`. A setting of one method beside another, as `ipmi` beside `method: command`, is a warning. A coordinator without `ipmi` under `method: ipmi` is a warning: the others cannot fence it.', judge: judgeFencing },
  {
    reads: [resources, collectors, fencing, 'pvc.system.domains', 'pvc.system.self_fence'],
    rule: 'The program of a command is a name, which is looked up in PATH, or an absolute path. A relative path is a warning: it begins where the daemon was started, which is `/` for a unit.',
    judge: judgePrograms,
  },
  {
    reads: [resources, sessionTimeout, unfenced],
    rule: 'All `release_timeout`s together fit in what the lease leaves for them, the last third of `session_timeout` without a tenth of the whole (of 30 s, 10 s − 3 s = 7 s); else a warning, and with `unfenced_failover` an error.',
    judge: judgeReleaseBudget,
  },
  {
    reads: [unfenced, 'pvc.system.self_fence'],
    rule: '`unfenced_failover` needs `self_fence`: a node that cannot release must end itself before a peer takes over.',
    judge: ({ pvc: { system } }) =>
      unless(!system.fencing.unfenced_failover || system.self_fence !== undefined, unfenced, 'unfenced_failover needs pvc.system.self_fence: a node that cannot release must end itself before a peer takes over.'),
  },
]

function unless (good: boolean, path: string, message: string): Finding[] {
  return good ? [] : [{ path, message }]
}

function judgeFencing ({ pvc: { mode, system } }: NodeConfigFile): Finding[] {
  const { method, command, probe, recover, ipmi, unfenced_failover: unfencedFailover } = system.fencing
  return [
    ...unless(method !== 'command' || command !== undefined, `${fencing}.command`, 'The method command needs a command.'),
    ...unless(method === 'command' || command === undefined, `${fencing}.command`, `A command is run by the method command alone; the method is ${method}.`),
    ...unless(!unfencedFailover || method === 'none', unfenced, `unfenced_failover is for clusters without a fencing agent; the method is ${method}.`),
    ...unless(method !== 'ipmi' || Buffer.byteLength(ipmi?.password ?? '') <= 20, `${fencing}.ipmi.password`, 'The password is longer than the 20 bytes that IPMI 2.0 and ipmitool take.'),
    ...unless(method !== 'ipmi' || Buffer.byteLength(ipmi?.username ?? '') <= 16, `${fencing}.ipmi.username`, 'The user name is longer than the 16 bytes that IPMI 2.0 and ipmitool take.'),
    ...judgeController(ipmi?.host),
    ...judgeForeignSettings(system.fencing),
    ...judgePlaceholders(`${fencing}.command`, command),
    ...judgeTarget(command),
    ...judgePlaceholders(`${fencing}.probe`, probe),
    ...judgePlaceholders(`${fencing}.recover`, recover),
    ...(method === 'ipmi' && ipmi === undefined && mode === 'coordinator'
      ? [{ path: `${fencing}.ipmi`, severity: 'warning' as const, message: 'This node publishes no management controller, so the others cannot fence it.' }]
      : []),
  ]
}

/** @param host as `hostAndPort` of the agent reads it */
function judgeController (host: string | undefined): Finding[] {
  const address = host === undefined || isIPv6(host) ? undefined : parseHostPort(host, 623)
  if (typeof address === 'string') return [{ path: `${fencing}.ipmi.host`, message: address }]
  const reason = host === undefined ? null : noServerAt(address?.host ?? host)
  return reason === null ? [] : [{ path: `${fencing}.ipmi.host`, message: `"${host}" ${reason}; write the name or address of the management controller.` }]
}

/** Programs that are told what to do by their arguments alone. */
const ARGUMENTS_ALONE = /^(?:fence_\w+|ipmitool|ssh|virsh|curl|wget|snmpset|true)$/

/** A script may read the name of the node from its environment, which cannot be seen from here. */
function judgeTarget (command: readonly string[] = []): Finding[] {
  const program = command[0]?.split('/').at(-1) ?? ''
  if (!ARGUMENTS_ALONE.test(program) || command.some((argument) => argument.includes('{node}'))) return []
  return [{ path: `${fencing}.command`, severity: 'warning', message: `Nothing in it says which node is to be ended: {node} stands for its name, and ${program} does not read PVC_NODE. Whichever node is dead, the same one is ended, and the fence counts as confirmed.` }]
}

function judgePlaceholders (path: string, argv: readonly string[] | undefined): Finding[] {
  return (argv ?? []).flatMap((argument, index) => [...argument.matchAll(/(?<![$\\{])\{([a-z_]+)\}/gi)].filter(([text]) => text !== '{node}')
    .map(([text]): Finding => ({ path: `${path}[${index}]`, severity: 'warning', message: `${text} is not replaced by anything; the name of the node stands for {node} alone.` })))
}

function judgePrograms ({ pvc: { coordinator, system } }: NodeConfigFile): Finding[] {
  const commands = commandsOf({ resources: coordinator.resources, collectors: system.collectors, fencing: system.fencing, domains: system.domains, selfFence: system.self_fence })
  return commands.filter(({ argv: [program = ''] }) => program.includes('/') && !program.startsWith('/')).map(({ path, argv: [program = ''] }): Finding =>
    ({ path: `${path}[0]`, severity: 'warning', message: `${program} is a relative path, and begins in the folder where pvcnoded is started: / for its unit. Write the whole path.` }))
}

type Resources = NodeConfigFile['pvc']['coordinator']['resources']

function releaseSum (resources: Resources): number {
  return tidy(resources.reduce((sum, { release_timeout: timeout }) => sum + timeout, 0))
}

/** Without the tail of binary fractions: 0.1 + 0.2 → 0.3. */
function tidy (seconds: number): number {
  return milliseconds(seconds) / 1000
}

function judgeReleaseBudget ({ pvc }: NodeConfigFile): Finding[] {
  const session = pvc.zookeeper.session_timeout
  const sum = releaseSum(pvc.coordinator.resources)
  const budget = tidy(leaseTerms(session).releases)
  if (sum <= budget) return []
  const message = `All release_timeouts together (${sum} s) do not fit in what the lease leaves for them (${budget} s of a session_timeout of ${session} s)`
  return pvc.system.fencing.unfenced_failover
    ? [{ path: resources, message: `${message}; unfenced_failover demands that they do.` }]
    : [{ path: resources, severity: 'warning', message: `${message}; a node that is cut off may still be releasing when its session has ended.` }]
}

/** @param reserved names that are taken by what is always there */
function judgeNames (list: string, entries: ReadonlyArray<{ readonly name: string }>, reserved: readonly string[]): Finding[] {
  const names = entries.map(({ name }) => name)
  return names.flatMap((name, index) => {
    const path = `${list}[${index}].name`
    const earlier = names.indexOf(name)
    if (reserved.includes(name)) return [{ path, message: `The name "${name}" belongs to a collector that every node has.` }]
    return earlier === index ? [] : [{ path, message: `The name "${name}" is taken by number ${earlier + 1} of the list; names are unique in it.` }]
  })
}

const isLoopbackHost = (host: string): boolean => isLoopback(host) || host.toLowerCase() === 'localhost'

/** Whether the ZooKeeper server is on this machine: where all are, so is the whole cluster. */
function isOnThisMachine (coordinator: string): boolean {
  const server = parseHostPort(coordinator.split('/', 1)[0] ?? '', 2181)
  return typeof server !== 'string' && isLoopbackHost(server.host)
}

/** A floating address of which the configuration says that it is a machine's own. */
function judgePeersAddresses ({ pvc }: NodeConfigFile): Finding[] {
  const own = new Map([...pvc.coordinators.map((text) => [text, parseHostPort(text.split('/', 1)[0] ?? '', 2181)] as const), ...(pvc.api_address === undefined ? [] : [[pvc.api_address, parseHostPort(pvc.api_address)] as const])]
    .flatMap(([text, server]) => typeof server === 'string' || isIP(server.host) === 0 ? [] : [[canonical(server.host), text] as const]))
  return pvc.coordinator.resources.flatMap((resource, index): Finding[] => {
    const address = resource.type === 'floating-ip' ? resource.address.split('/', 1)[0] ?? '' : ''
    const machine = isIP(address) === 0 ? undefined : own.get(canonical(address))
    return machine === undefined ? [] : [{ path: `${resources}[${index}].address`, message: `${address} is a machine's own address, as "${machine}" says; a floating address is one that no machine has by itself.` }]
  })
}

/** Settings of one agent that stand beside another. */
function judgeForeignSettings ({ method, ipmi, cipher_suite: cipherSuite, privilege, probe }: NodeConfigFile['pvc']['system']['fencing']): Finding[] {
  const settings = [['ipmi', 'ipmi', ipmi], ['cipher_suite', 'ipmi', cipherSuite], ['privilege', 'ipmi', privilege], ['probe', 'command', probe]] as const
  return settings.filter(([, agent, value]) => value !== undefined && agent !== method).map(([name, agent]): Finding =>
    ({ path: `${fencing}.${name}`, severity: 'warning', message: `${name} is for the method ${agent}, and the method is ${method}${name === 'ipmi' ? ': it is published, and read only by nodes whose method is ipmi' : ''}.` }))
}

function judgeApiAddress ({ pvc }: NodeConfigFile): Finding[] {
  const address = pvc.api_address === undefined ? undefined : parseHostPort(pvc.api_address)
  if (typeof address === 'string') return [{ path: 'pvc.api_address', message: address }]
  const reason = address === undefined ? null : noServerAt(address.host)
  if (reason === null && address !== undefined && isLoopbackHost(address.host) && !pvc.coordinators.every(isOnThisMachine)) {
    return [{ path: 'pvc.api_address', severity: 'warning', message: `"${pvc.api_address}" is this machine alone, and the others read it as theirs; write the name or address at which they reach the pvcapid of this node.` }]
  }
  return reason === null ? [] : [{ path: 'pvc.api_address', message: `"${pvc.api_address}" ${reason}; write the name or address at which the others reach the pvcapid of this node.` }]
}
