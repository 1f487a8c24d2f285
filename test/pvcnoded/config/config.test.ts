import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemText } from '../../../src/runtime/config/config-problem.ts'
import { judgeFloatingAddresses } from '../../../src/pvcnoded/resources/floating-addresses.ts'
import { commandsOf } from '../../../src/pvcnoded/config/commands.ts'
import { loadNodeConfig } from '../../../src/pvcnoded/config/config.ts'
import { nodeConfigSchema } from '../../../src/pvcnoded/config/schema.ts'

type Test = Pick<typeof t, 'testdir'>

/** Loads `text` from a file; problems come back as text, with the file's name cut to `f`. */
function load (t: Test, text: string) {
  const file = join(t.testdir(), 'pvcnoded.yaml')
  writeFileSync(file, text)
  const result = loadNodeConfig(file)
  return { result, problems: result.problems.map((problem) => problemText({ ...problem, file: 'f' })) }
}

const base = 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [hv1]\n'

t.test('the example loads', async (t) => {
  const result = loadNodeConfig('pvcnoded.yaml.example')
  t.same(result.problems, [])
  t.match(result.ok && result.value, { node: 'hv1', sessionTimeout: 30_000, resources: [{ name: 'job', releaseTimeout: 3000 }] })
})

t.test('the least there can be, with every default', async (t) => {
  const { result, problems } = load(t, base)
  t.same(problems, [])
  t.same(result.ok && result.value, {
    node: 'hv1',
    mode: 'coordinator',
    servers: [{ host: 'hv1', port: 2181 }],
    apiAddress: undefined,
    sessionTimeout: 10_000,
    lockTimeout: 400,
    transitionDelay: 500,
    settleTime: 2000,
    takeoverStart: 5000,
    reclaimDelay: 5000,
    takeoverGrace: undefined,
    handoverTimeout: 120_000,
    resources: [],
    candidate: { priority: 50, minHealth: 0 },
    keepaliveInterval: 5000,
    fenceIntervals: 6,
    collectors: [],
    fencing: { method: 'none', savingThrows: 3, savingInterval: 1000 },
    ipmi: undefined,
    unfencedFailover: false,
    domains: { flush: undefined, unflush: undefined, timeout: 3_600_000 },
    selfFence: undefined,
    runDirectory: '/run/pvc',
    logLevel: 'info',
  })
})

t.test('everything set: seconds become milliseconds', async (t) => {
  const { result, problems } = load(t, `pvc:
  node: hv1
  mode: hypervisor
  coordinators: ["127.0.0.1:21811", "127.0.0.1:21812"]
  api_address: "[fd00::2]:7370"
  zookeeper: {session_timeout: 4}
  coordinator:
    lock_timeout: 0.1
    transition_delay: 0.15
    settle_time: 0
    takeover_start: 1
    reclaim_delay: 0
    takeover_grace: 1.5
    handover_timeout: 20
    resources:
      - {name: one, type: command, acquire: [a, b], release: [c], check: [d], acquire_timeout: 3, release_timeout: 0.25, retries: 0, check_interval: 0.5}
      - {name: two, type: command, acquire: [a], release: [c], release_timeout: 0.25}
      - {name: ip, type: floating-ip, address: "fd00::1/64", device: br0, release_timeout: 0.2}
      - {name: unit, type: systemd-unit, unit: "a@b.service", release_timeout: 0.2}
  candidate: {priority: 0, min_health: 80}
  system:
    intervals: {keepalive_interval: 0.5, fence_intervals: 9}
    collectors:
      - {name: raid, command: [r], timeout: 2.5}
      - {name: temperature, command: [t, -x]}
    fencing: {method: none, unfenced_failover: true}
    domains: {flush: [migrate, away], unflush: [migrate, back], timeout: 600}
    self_fence: [/usr/sbin/reboot, -f]
  log_level: warn
`)
  t.same(problems, [])
  t.same(result.ok && result.value, {
    node: 'hv1',
    mode: 'hypervisor',
    servers: [{ host: '127.0.0.1', port: 21811 }, { host: '127.0.0.1', port: 21812 }],
    apiAddress: '[fd00::2]:7370',
    sessionTimeout: 4000,
    lockTimeout: 100,
    transitionDelay: 150,
    settleTime: 0,
    takeoverStart: 1000,
    reclaimDelay: 0,
    takeoverGrace: 1500,
    handoverTimeout: 20_000,
    resources: [
      { type: 'command', name: 'one', acquire: ['a', 'b'], release: ['c'], check: ['d'], acquireTimeout: 3000, releaseTimeout: 250, retries: 0, checkInterval: 500 },
      { type: 'command', name: 'two', acquire: ['a'], release: ['c'], check: undefined, acquireTimeout: 30_000, releaseTimeout: 250, retries: 2, checkInterval: 10_000 },
      { type: 'floating-ip', name: 'ip', address: 'fd00::1', prefix: 64, device: 'br0', acquireTimeout: 30_000, releaseTimeout: 200, retries: 2, checkInterval: 10_000 },
      { type: 'systemd-unit', name: 'unit', unit: 'a@b.service', earlierUnits: [], acquireTimeout: 30_000, releaseTimeout: 200, retries: 2, checkInterval: 10_000 },
    ],
    candidate: { priority: 0, minHealth: 80 },
    keepaliveInterval: 500,
    fenceIntervals: 9,
    collectors: [{ name: 'raid', command: ['r'], timeout: 2500 }, { name: 'temperature', command: ['t', '-x'], timeout: 4000 }],
    fencing: { method: 'none', savingThrows: 3, savingInterval: 1000 },
    ipmi: undefined,
    unfencedFailover: true,
    domains: { flush: ['migrate', 'away'], unflush: ['migrate', 'back'], timeout: 600_000 },
    runDirectory: '/run/pvc',
    selfFence: ['/usr/sbin/reboot', '-f'],
    logLevel: 'warn',
  })
})

t.test('a chroot: the setting, after the last server as ZooKeeper writes it, after each, or none', async (t) => {
  const chrootOf = (coordinators: string, setting = '') => {
    const { result } = load(t, `pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [${coordinators}]\n${setting === '' ? '' : `  zookeeper: {chroot: ${setting}}\n`}`)
    t.ok(result.ok)
    return result.ok ? [result.value.chroot ?? null, result.value.servers.map(({ host, port }) => `${host} ${port}`).join()] : null
  }
  t.strictSame(chrootOf('zk1, zk2'), [null, 'zk1 2181,zk2 2181'])
  t.strictSame(chrootOf('zk1, zk2', '/clusters/a'), ['/clusters/a', 'zk1 2181,zk2 2181'])
  t.strictSame(chrootOf('zk1, "zk2:2182/clusters/a.b_c-d~1"'), ['/clusters/a.b_c-d~1', 'zk1 2181,zk2 2182'])
  t.strictSame(chrootOf('"[::1]:2182/a", zk2/a', '/a'), ['/a', '::1 2182,zk2 2181'])
  t.strictSame(chrootOf('zk1/'), [null, 'zk1 2181'])
  t.strictSame(chrootOf('zk1', '/'), [null, 'zk1 2181'])
  t.strictSame(chrootOf('zk1', '/zookeepers/a'), ['/zookeepers/a', 'zk1 2181'])
})

for (const [name, text, expected] of [
  ['what must be given', 'pvc: {}\n', [
    'f:1:1: pvc.node: This setting is missing: The name of this node; unique in the cluster.',
    'f:1:1: pvc.mode: This setting is missing: coordinator (may become primary) or hypervisor (never does).',
    'f:1:1: pvc.coordinators: This setting is missing: The ZooKeeper servers: host or host:port; the port is 2181 unless given, IPv6 addresses stand in brackets. A chroot may follow the last one, as ZooKeeper writes it: host:port/clusters/a.',
  ]],
  ['a bad mode, name and address', 'pvc:\n  node: a/b\n  mode: witness\n  coordinators: [a, a]\n  api_address: hv1\n', [
    'f:2:3: pvc.node: It must be a node name: a letter or digit, then up to 63 letters, digits, dots, underscores or hyphens; not none or null, which stand for no node; it is "a/b".',
    'f:3:3: pvc.mode: It must be one of coordinator, hypervisor; it is "witness".',
    'f:4:21: pvc.coordinators[1]: "a" is the same server as "a", number 1 of the list.',
    'f:5:3: pvc.api_address: "hv1" lacks the port; write hv1:PORT.',
  ]],
  ['transition_delay ≤ lock_timeout', `${base}  coordinator:\n    lock_timeout: 0.5\n    transition_delay: 0.5\n`, [
    'f:7:5: pvc.coordinator.transition_delay: transition_delay (0.5 s) must be more than lock_timeout (0.5 s): a node that timed out on the lock must be done before the winner takes over.',
  ]],
  ['takeover_start ≤ 2 × transition_delay', `${base}  coordinator:\n    transition_delay: 2.5\n`, [
    'f:6:5: pvc.coordinator.takeover_start: takeover_start (5 s) must be more than twice transition_delay (2 × 2.5 s = 5 s), or a healthy taker would be repaired away.',
  ]],
  ['handover_timeout ≤ sum of release_timeouts', `${base}  zookeeper: {session_timeout: 1000}\n  system: {intervals: {keepalive_interval: 500}}\n  coordinator:\n    handover_timeout: 10\n    resources:\n      - {name: a, type: command, acquire: [x], release: [x]}\n      - {name: b, type: command, acquire: [x], release: [x]}\n`, [
    'f:8:5: pvc.coordinator.handover_timeout: handover_timeout (10 s) must be more than all release_timeouts together (10 s), or a shutdown could not wait for its own releases.',
  ]],
  ['keepalive_interval × fence_intervals ≤ session_timeout', `${base}  zookeeper: {session_timeout: 30}\n`, [
    'f:5:15: pvc.system.intervals.fence_intervals: keepalive_interval × fence_intervals (5 s × 6 = 30 s) must be more than session_timeout (30 s), or a node would count as dead while its session lives.',
  ]],
  ['unfenced_failover without self_fence, and with releases that do not fit', `${base}  coordinator:\n    resources:\n      - {name: a, type: command, acquire: [x], release: [x]}\n  system:\n    fencing: {unfenced_failover: true}\n`, [
    'f:6:5: pvc.coordinator.resources: All release_timeouts together (5 s) do not fit in what the lease leaves for them (2.333 s of a session_timeout of 10 s); unfenced_failover demands that they do.',
    'f:9:15: pvc.system.fencing.unfenced_failover: unfenced_failover needs pvc.system.self_fence: a node that cannot release must end itself before a peer takes over.',
  ]],
  ['resources: names taken twice, kinds that are not known, commands that are empty', `${base}  coordinator:
    resources:
      - {name: a, type: command, acquire: [x], release: [x], release_timeout: 0.1}
      - {name: a, type: command, acquire: [x], release: [x], release_timeout: 0.1}
`, ['f:8:10: pvc.coordinator.resources[1].name: The name "a" is taken by number 1 of the list; names are unique in it.']],
  ['collectors: names taken twice, or by those that every node has', `${base}  system:\n    collectors:\n      - {name: a, command: [x]}\n      - {name: a, command: [x]}\n      - {name: load, command: [x]}\n`, [
    'f:8:10: pvc.system.collectors[1].name: The name "a" is taken by number 1 of the list; names are unique in it.',
    'f:9:10: pvc.system.collectors[2].name: The name "load" belongs to a collector that every node has.',
  ]],
  ['kinds that are not known, and values that cannot be', `${base}  coordinator:
    resources:
      - {name: ip, type: floating-ip, address: 10.0.0.1/33, device: br0}
      - {name: ip6, type: floating-ip, address: fd00::1, device: br0}
      - {name: unit, type: systemd-unit, unit: dnsmasq}
      - {name: disk, type: drbd}
      - {name: a, type: command, acquire: [], release: [""], check: x, retries: 1.5}
`, [
    'f:9:42: pvc.coordinator.resources[2].unit: It must be the full name of a unit, as dnsmasq.service; it is "dnsmasq".',
    'f:10:22: pvc.coordinator.resources[3].type: It must be one of command, floating-ip, systemd-unit; it is "drbd".',
    'f:11:34: pvc.coordinator.resources[4].acquire: The list must have at least 1 entry.',
    'f:11:57: pvc.coordinator.resources[4].release[0]: The text must not be empty.',
    'f:11:62: pvc.coordinator.resources[4].check: It must be a list, such as ["x"]; it is "x".',
    'f:11:72: pvc.coordinator.resources[4].retries: It must be a whole number; it is 1.5.',
  ]],
  ['floating addresses', `${base}  coordinator:
    resources:
      - {name: ip, type: floating-ip, address: 10.0.0.1/33, device: br0, release_timeout: 1}
      - {name: ip6, type: floating-ip, address: "fd00::1", device: br0, release_timeout: 1}
      - {name: ip7, type: floating-ip, address: "fd00::1/64", device: br0, release_timeout: 0.1}
`, [
    'f:7:39: pvc.coordinator.resources[0].address: "10.0.0.1/33" is no address with a prefix length, as 10.0.0.254/24 or fd00::fe/64.',
    'f:8:40: pvc.coordinator.resources[1].address: "fd00::1" is no address with a prefix length, as 10.0.0.254/24 or fd00::fe/64.',
  ]],
  ['fencing', `${base}  system:\n    fencing: {method: stonith, saving_throws: -1, ipmi: {host: bmc, username: u, password: 7}}\n`, [
    'f:6:15: pvc.system.fencing.method: It must be one of none, command, ipmi; it is "stonith".',
    'f:6:32: pvc.system.fencing.saving_throws: It must be at least 0; it is -1.',
    'f:6:82: pvc.system.fencing.ipmi.password: It must be text.',
  ]],
  ['a fencing command that is missing', `${base}  system: {fencing: {method: command}}\n`, [
    'f:5:12: pvc.system.fencing.command: The method command needs a command.',
  ]],
  ['servers that cannot be', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [0.0.0.0, "[::]", "[0:0::]", 224.0.0.1, 255.255.255.255, "[ff02::1]", "[fe80::1]", "127.1", "0x7f000001", "2130706433", "[::1]", "[0:0::1]", "[fe80::1%eth0]"]\n', [
    'f:4:18: pvc.coordinators[0]: "0.0.0.0" is the unspecified address, which is for listening; write the name or address of a ZooKeeper server.',
    'f:4:27: pvc.coordinators[1]: "[::]" is the unspecified address, which is for listening; write the name or address of a ZooKeeper server.',
    'f:4:35: pvc.coordinators[2]: "[0:0::]" is the unspecified address, which is for listening; write the name or address of a ZooKeeper server.',
    'f:4:46: pvc.coordinators[3]: "224.0.0.1" is a multicast, reserved or broadcast address; write the name or address of a ZooKeeper server.',
    'f:4:57: pvc.coordinators[4]: "255.255.255.255" is a multicast, reserved or broadcast address; write the name or address of a ZooKeeper server.',
    'f:4:74: pvc.coordinators[5]: "[ff02::1]" is a multicast address; write the name or address of a ZooKeeper server.',
    'f:4:87: pvc.coordinators[6]: "[fe80::1]" is a link-local address without its zone (as in [fe80::1%eth0]); write the name or address of a ZooKeeper server.',
    'f:4:100: pvc.coordinators[7]: "127.1" is neither a host name nor an IPv4 address of four numbers; write the name or address of a ZooKeeper server.',
    'f:4:109: pvc.coordinators[8]: "0x7f000001" is neither a host name nor an IPv4 address of four numbers; write the name or address of a ZooKeeper server.',
    'f:4:123: pvc.coordinators[9]: "2130706433" is neither a host name nor an IPv4 address of four numbers; write the name or address of a ZooKeeper server.',
    'f:4:146: pvc.coordinators[11]: "[0:0::1]" is the same server as "[::1]", number 11 of the list.',
  ]],
  ['chroots that cannot be', `${base}  zookeeper: {chroot: /clusters/a/}\n`, [
    'f:5:15: pvc.zookeeper.chroot: It must be the path of a znode of plain names without a slash at its end, as /clusters/a, and not below /zookeeper, which is ZooKeeper\'s own; it is "/clusters/a/".',
  ]],
  ['chroots that cannot be, after servers', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [a/zookeeper/x, b/x//y, c/.., d/a b, /x, http://e, "f:99999/x"]\n', [
    'f:4:54: pvc.coordinators[4]: "/x" is not a host name or IPv4 address.',
    'f:4:58: pvc.coordinators[5]: "http:" is not an address; write host, host:port or [IPv6]:port.',
    'f:4:68: pvc.coordinators[6]: Port 99999 is not between 1 and 65535.',
  ]],
  ['chroots that cannot be, after servers that can', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [a/zookeeper/x, b/x//y, c/.., d/a b]\n', ([['18', 0, 'a', '/zookeeper/x'], ['33', 1, 'b', '/x//y'], ['41', 2, 'c', '/..'], ['47', 3, 'd', '/a b']] as const).map(([column, index, server, chroot]) =>
    `f:4:${column}: pvc.coordinators[${index}]: "${server}${chroot}" has the chroot "${chroot}", which is not the path of a znode of plain names without a slash at its end, as /clusters/a, and not below /zookeeper, which is ZooKeeper's own.`)],
  ['two chroots', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [a/x, b/y, c/x, d]\n', [
    'f:4:23: pvc.coordinators[1]: "b/y" has the chroot "/y", and "a/x" has "/x". A cluster has one chroot; write it once, in pvc.zookeeper.chroot.',
  ]],
  ['a chroot after the first server alone', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [a/x, b, c]\n', ['b', 'c'].map((server, index) =>
    `f:4:${23 + 3 * index}: pvc.coordinators[${index + 1}]: "${server}" has no chroot, and "a/x" has "/x", although it is not the last server. A cluster has one chroot; write it once, in pvc.zookeeper.chroot.`)],
  ['a chroot after a server and another as the setting', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [a/, b/x]\n  zookeeper: {chroot: /x}\n', [
    'f:4:18: pvc.coordinators[0]: "a/" has the chroot "/", and pvc.zookeeper.chroot is "/x". A cluster has one chroot; write it once, in pvc.zookeeper.chroot.',
  ]],
  ['a whole connect string as one server', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: ["a:2181,b:2181/x"]\n', [
    'f:4:18: pvc.coordinators[0]: "a:2181,b:2181/x" is several servers; write each as an entry of its own, and a chroot in pvc.zookeeper.chroot.',
  ]],
  ['a null byte in a command', `${base}  system: {self_fence: ["x", "a\\0b"]}\n`, [
    'f:5:30: pvc.system.self_fence[1]: It must be a text without null bytes; it is "a\\u0000b".',
  ]],
  ['a management controller that ipmitool cannot be told', `${base}  system: {fencing: {method: ipmi, ipmi: {host: "[::1]:0", username: "12345678901234567", password: p}}}\n`, [
    'f:5:43: pvc.system.fencing.ipmi.host: Port 0 is not between 1 and 65535.',
    'f:5:60: pvc.system.fencing.ipmi.username: The user name is longer than the 16 bytes that IPMI 2.0 and ipmitool take.',
  ]],
  ['a management controller in several lines', `${base}  system: {fencing: {method: ipmi, ipmi: {host: "bmc\\nx", username: "u\\0", password: "hunter2\\r\\n"}}}\n`, [
    'f:5:43: pvc.system.fencing.ipmi.host: It must be a text without line breaks and null bytes.',
    'f:5:59: pvc.system.fencing.ipmi.username: It must be a text without line breaks and null bytes.',
    'f:5:76: pvc.system.fencing.ipmi.password: It must be a text without line breaks and null bytes.',
  ]],
  ['addresses at which nothing can be reached', 'pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [hv1]\n  api_address: 0.0.0.0:7370\n  system: {fencing: {method: ipmi, ipmi: {host: "::", username: u, password: p}}}\n', [
    'f:5:3: pvc.api_address: "0.0.0.0:7370" is the unspecified address, which is for listening; write the name or address at which the others reach the pvcapid of this node.',
    'f:6:43: pvc.system.fencing.ipmi.host: "::" is the unspecified address, which is for listening; write the name or address of the management controller.',
  ]],
  ['a fencing command that nobody runs, and unfenced failover beside an agent', `${base}  system: {self_fence: [x], fencing: {method: ipmi, command: [x], ipmi: {host: bmc, username: u, password: p}, unfenced_failover: true}}\n`, [
    'f:5:53: pvc.system.fencing.command: A command is run by the method command alone; the method is ipmi.',
    'f:5:112: pvc.system.fencing.unfenced_failover: unfenced_failover is for clusters without a fencing agent; the method is ipmi.',
  ]],
] as Array<[string, string, string[]]>) {
  t.test(name, async (t) => {
    const { result, problems } = load(t, text)
    t.same(problems, expected)
    t.equal(result.ok, false)
  })
}

t.test('releases that do not fit the lease are a warning without unfenced_failover', async (t) => {
  const { result, problems } = load(t, `${base}  coordinator:\n    resources:\n      - {name: a, type: command, acquire: [x], release: [x]}\n`)
  t.equal(result.ok, true)
  t.same(problems, ['f:6:5: warning: pvc.coordinator.resources: All release_timeouts together (5 s) do not fit in what the lease leaves for them (2.333 s of a session_timeout of 10 s); a node that is cut off may still be releasing when its session has ended.'])
})

t.test('fencing agents', async (t) => {
  const command = load(t, `${base}  system: {fencing: {method: command, command: [f, "{node}"], timeout: 5, saving_throws: 1, saving_interval: 0.5}}\n`)
  t.match(command.result.ok && command.result.value, { fencing: { method: 'command', command: ['f', '{node}'], timeout: 5000, savingThrows: 1, savingInterval: 500 }, ipmi: undefined })
  const ipmi = load(t, `${base}  system: {fencing: {method: ipmi, ipmi: {host: "bmc:623", username: u, password: p}}}\n`)
  t.match(ipmi.result.ok && ipmi.result.value, { fencing: { method: 'ipmi', timeout: 30_000, cipherSuite: undefined }, ipmi: { host: 'bmc:623', username: 'u', password: 'p' } })
  t.match(load(t, `${base}  system: {fencing: {method: command, command: [f, "--{nod}", "\${x}", "{node}"], probe: ["{Node}"]}}\n`).problems, [/warning: .*fencing.command\[1\]: \{nod\} is not replaced/, /warning: .*fencing.probe\[0\]: \{Node\} is not replaced/])
  t.match(load(t, `${base}  system: {fencing: {method: ipmi}}\n`).problems, [/warning: .*This node publishes no management controller/])
})

t.test('unfenced_failover with a self_fence and releases that fit is taken', async (t) => {
  const { problems } = load(t, `${base}  zookeeper: {session_timeout: 9}\n  coordinator:\n    resources:\n      - {name: a, type: command, acquire: [x], release: [x], release_timeout: 2.1}\n  system:\n    fencing: {unfenced_failover: true}\n    self_fence: [reboot]\n`)
  t.same(problems, [])
})

t.test('words that stand for no node are no node names', async (t) => {
  for (const name of ['none', 'None', 'NONE', '"null"']) t.match(load(t, base.replace('hv1', name)).problems, [/not none or null/], name)
  t.same(load(t, base.replace('node: hv1', 'node: none1')).problems, [])
})

t.test('floating addresses are those of one machine, each once', async (t) => {
  const said = (...entries: Array<[name: string, address: string, device?: string]>) =>
    judgeFloatingAddresses('r', entries.map(([name, address, device = 'eth0']) => ({ type: 'floating-ip', name, address, device }))).map(({ path, message }) => `${path}: ${message}`)
  for (const address of ['10.0.0.254/24', '10.0.0.0/32', '10.0.0.0/31', '10.0.0.255/31', '10.0.0.255/16', 'fd00::fe/64', 'fd00::/128', 'fd00::/127', 'fe80::1/64', 'fd00::ffff:ffff:ffff:ffff/64']) t.strictSame(said(['a', address]), [], address)
  const cases: Array<[address: string, why: RegExp]> = [
    ['10.0.0.0/24', /the address of the network itself/], ['10.0.1.0/23', /^$/], ['10.0.0.255/24', /broadcast/], ['10.0.1.255/23', /broadcast/], ['224.0.0.1/24', /multicast/], ['ff02::1/64', /multicast/],
    ['127.0.0.1/8', /loopback/], ['::1/128', /loopback/], ['0.0.0.0/0', /no address that a machine/], ['255.255.255.255/32', /no address that a machine/], ['::/64', /no address that a machine/],
    ['::ffff:10.0.0.1/96', /no address that a machine/], ['fd00::/64', /all routers/], ['FD00:0::0/64', /all routers/], ['10.0.0.1', /no address with a prefix/], ['10.0.0.1/33', /no address with a prefix/], ['x/24', /no address with a prefix/],
    ['fe80::1%eth0/64', /no address with a prefix/],
  ]
  for (const [address, why] of cases) t.match(said(['a', address]).join(), why, address)
  t.match(said(['a', 'fd00::fe/64'], ['b', 'FD00:0:0::00FE/128']), [/^r\[1\]\.address: FD00:0:0::00FE is the address of a already/])
  t.match(said(['a', '10.0.0.1/24'], ['b', '10.0.0.1/32']), [/is the address of a already/])
  t.match(said(['a', '10.0.0.1/24', 'vlan7@eth0']), ['r[0].device: "vlan7@eth0" is how ip shows a device that lies on another one. Its name is vlan7.'])
  t.match(said(['a', '10.0.0.1/24', 'eth0:1']), ['r[0].device: "eth0:1" is the label of an address, not a device. The device is eth0.'])
})

t.test('a fencing command that cannot know which node it is to end is a warning', async (t) => {
  const said = (command: readonly string[]) => load(t, `${base}  system: {fencing: {method: command, command: ${JSON.stringify(command)}}}\n`).problems
  t.match(said(['/usr/sbin/fence_ipmilan', '-a', 'bmc1']), [/warning: pvc\.system\.fencing\.command: .*\{node\} stands for its name, and fence_ipmilan does not read PVC_NODE/])
  for (const command of [['fence_ipmilan', '-a', 'bmc-{node}'], ['/usr/local/bin/fence'], ['sh', '-c', '/usr/local/bin/fence']]) t.strictSame(said(command), [])
})

t.test('a program by a relative path is a warning, wherever a command is configured', async (t) => {
  const said = (command: string) => load(t, `${base}  coordinator: {resources: [{name: r, type: command, acquire: [${command}], release: [${command}], check: [${command}], ready: [${command}], release_timeout: 0.1}]}\n  system: {self_fence: [${command}], collectors: [{name: k, command: [${command}]}], domains: {flush: [${command}], unflush: [${command}]}, fencing: {method: command, command: [${command}, "{node}"], probe: [${command}], recover: [${command}]}}\n`).problems
  t.match(said('./job'), Array.from({ length: 11 }, () => /^f:\d+:\d+: warning: pvc\.\S+\[0\]: \.\/job is a relative path, and begins in the folder where pvcnoded is started: \/ for its unit\. Write the whole path\.$/))
  t.equal(said('scripts/job').length, 11)
  for (const program of ['job', '/usr/lib/job', 'systemctl']) t.strictSame(said(program), [], program)
})

t.test('every address of the API at which the others cannot reach it', async (t) => {
  for (const address of ['[::]:7370', '224.0.0.1:7370', '255.255.255.255:7370', '[ff02::1]:7370']) t.match(load(t, `${base}  api_address: "${address}"\n`).problems, [/pvc\.api_address: .*write the name or address at which the others reach/], address)
})

t.test('one list of all commands', async (t) => {
  const { result } = load(t, `${base}  coordinator: {resources: [{name: r, type: command, acquire: [a], release: [b], check: [c], ready: [d]}]}\n  system: {self_fence: [s], collectors: [{name: k, command: [e]}], domains: {flush: [f], unflush: [u]}, fencing: {method: command, command: [g, "{node}"], probe: [p], recover: [v]}}\n`)
  // Every list of texts in the file is a command; whichever is new has to be in the list as well.
  t.strictSame((result.ok ? commandsOf(result.value) : []).map(({ argv }) => argv[0]).sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'p', 's', 'u', 'v'])
  t.equal(JSON.stringify(nodeConfigSchema).match(/"Program or argument\."/g)?.length, 11, 'a command that is new in the schema is new in that list')
})

t.test('preferences that cannot be', async (t) => {
  const messages = (candidate: string) => load(t, `${base}  candidate: ${candidate}\n`).problems.map((problem) => JSON.stringify(problem))
  t.strictSame(messages('{priority: 100, min_health: 100}'), [])
  for (const [candidate, said] of [
    ['{priority: 101}', /pvc\.candidate\.priority.*101|101.*pvc\.candidate\.priority/], ['{priority: -1}', /pvc\.candidate\.priority/], ['{priority: high}', /pvc\.candidate\.priority/], ['{min_health: 99.5}', /pvc\.candidate\.min_health/],
    ['{minimum_health: 1}', /minimum_health/],
  ] as const) t.match(messages(candidate), [said], candidate)
  t.comment(messages('{priority: 101}').join())
})

t.test('what no cluster can want, or what cannot work, is refused or a warning', async (t) => {
  const found = (text: string) => {
    const { result } = load(t, `pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [10.0.0.1, 10.0.0.2]\n${text}`)
    return result.problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`)
  }
  const ip = (address: string) => `  coordinator: {resources: [{name: ip, type: floating-ip, address: "${address}", device: br0, release_timeout: 1}]}\n`
  for (const address of ['10.0.0.9/0', '10.0.0.9/2', '10.0.0.9/7', 'fd00::9/3']) t.match(found(ip(address)), [/^error pvc\.coordinator\.resources\[0\]\.address: .* has a prefix/], address)
  t.match(found(ip('10.0.0.2/24')), [/^error .*10\.0\.0\.2 is a machine's own address/])
  for (const address of ['10.0.0.9/8', '10.0.0.9/32', 'fd00::9/64']) t.same(found(ip(address)), [], address)
  for (const address of ['127.0.0.1:7370', '"[::1]:7370"', 'localhost:7370']) t.match(found(`  api_address: ${address}\n`), [/^warning pvc\.api_address: .*this machine alone/], address)
  t.match(found('  system: {fencing: {method: command, command: [f, "{node}"], ipmi: {host: h, username: u, password: p}}}\n'), [/^warning pvc\.system\.fencing\.ipmi: ipmi is for the method ipmi, and the method is command/])
  t.match(found('  system: {fencing: {probe: [p, "{node}"]}}\n'), [/^warning pvc\.system\.fencing\.probe/])
  t.match(found('  system: {fencing: {method: command, command: [f, "{node}"], timeout: 0.01}}\n'), ['error pvc.system.fencing.timeout: It must be at least 1 s; it is 0.01.'])
  t.match(found('  coordinator: {resources: [{name: r, type: command, acquire: [a], release: [b], check_interval: 1e-9}]}\n'), [/check_interval: It must be at least 0\.1 s/])
  for (const [setting, low] of [['lock_timeout', 1e-9], ['transition_delay', 1e-9], ['takeover_start', 1e-9], ['handover_timeout', 1e-9], ['settle_time', 86_400]] as const) t.match(found(`  coordinator: {${setting}: ${low}}\n`), [new RegExp(`^error pvc\\.coordinator\\.${setting}: It must be at (?:least|most) `)], setting)
})
