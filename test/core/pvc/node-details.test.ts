/** What a node says of itself: each malformed znode costs its own fields alone. */
import t from 'tap'
import { decimal, detailZnodes, integer, nodeDetails, pluginZnodes, present, type DetailZnode, type PluginZnode } from '../../../src/core/pvc/node-details.ts'

const sound: Record<DetailZnode, string> = {
  daemonstate: 'run',
  routerstate: 'primary',
  domainstate: 'flush',
  pvcversion: '1.2',
  staticdata: '8 6.1 GNU/Linux x86_64',
  cpuload: '1.25',
  domainscount: '2',
  runningdomains: 'u1 u2',
  vcpualloc: '3',
  memtotal: '10',
  memused: '4',
  memfree: '6',
  memalloc: '2',
  memprov: '5',
  monitoring_health: '90',
  monitoring_plugins: 'disk',
  network_stats: '{"eth0":{"rx_bps":1}}',
  resources: '{"resources":[{"name":"ip","state":"held","since":"","error":null}]}',
}
const plugin: Record<PluginZnode, string> = { last_run: '17', health_delta: '10', message: 'hot', data: '{"t":80}' }
const details = (texts: Partial<Record<DetailZnode, string>>, plugins: Partial<Record<PluginZnode, string | null>> = plugin) => nodeDetails('plum', {
  znode: (key) => texts[key],
  plugin: (name, key) => name === 'disk' ? plugins[key] : undefined,
  domain: (uuid) => uuid === 'u1' ? 'mail' : undefined,
})

t.test('a sound node', async (t) => {
  t.strictSame(details(sound), {
    name: 'plum',
    daemon_state: 'run',
    coordinator_state: 'primary',
    domain_state: 'flush',
    pvc_version: '1.2',
    cpu_count: 8,
    kernel: '6.1',
    os: 'GNU/Linux',
    arch: 'x86_64',
    health: 90,
    health_plugins: ['disk'],
    health_details: [{ name: 'disk', last_run: 17, health_delta: 10, message: 'hot', data: { t: 80 } }],
    load: 1.25,
    domains_count: 2,
    running_domains: ['mail', 'u2'],
    vcpu: { total: 8, allocated: 3 },
    memory: { total: 10, allocated: 2, provisioned: 5, used: 4, free: 6 },
    interfaces: { eth0: { rx_bps: 1 } },
    resources: [{ name: 'ip', state: 'held', since: '', error: null, concerns: [] }],
  })
})

t.test('each znode that is missing or malformed costs its own fields alone', async (t) => {
  const fields: Record<DetailZnode, readonly string[]> = {
    daemonstate: ['daemon_state'],
    routerstate: ['coordinator_state'],
    domainstate: ['domain_state'],
    pvcversion: ['pvc_version'],
    staticdata: ['cpu_count', 'kernel', 'os', 'arch', 'vcpu'],
    cpuload: ['load'],
    domainscount: ['domains_count'],
    runningdomains: ['running_domains'],
    vcpualloc: ['vcpu'],
    memtotal: ['memory'],
    memused: ['memory'],
    memfree: ['memory'],
    memalloc: ['memory'],
    memprov: ['memory'],
    monitoring_health: ['health'],
    monitoring_plugins: ['health_plugins', 'health_details'],
    network_stats: ['interfaces'],
    resources: ['resources'],
  }
  const whole: Record<string, unknown> = { ...details(sound) }
  for (const key of detailZnodes) {
    const { [key]: _left, ...rest } = sound
    const found: Record<string, unknown> = { ...details(rest) }
    const differs = Object.keys(whole).filter((field) => JSON.stringify(found[field]) !== JSON.stringify(whole[field]))
    t.strictSame(differs, fields[key], `without ${key}`)
  }
  t.match(details({ ...sound, daemonstate: 'asleep', cpuload: 'high', staticdata: '8 6.1', network_stats: '[1]', monitoring_health: 'N/A', memtotal: '' }),
    { daemon_state: null, load: null, cpu_count: null, interfaces: null, health: null, memory: { total: null, used: 4 } })
  t.match(details({ ...sound, staticdata: '8 6.1 GNU/Linux x86_64 more' }), { cpu_count: null })
})

t.test('a check without results', async (t) => {
  t.strictSame(details(sound, {}).health_details, [{ name: 'disk', last_run: null, health_delta: null, message: null, data: null }])
  t.strictSame(details(sound, { ...plugin, data: '{', last_run: 'never' }).health_details, [{ name: 'disk', last_run: null, health_delta: 10, message: 'hot', data: null }])
  t.strictSame(details({ ...sound, monitoring_plugins: '', runningdomains: '' }), { ...details(sound), health_plugins: [], health_details: [], running_domains: [] })
})

t.test('what a list names is left out until it is known', async (t) => {
  for (const key of pluginZnodes) t.match(details({ ...sound, monitoring_plugins: 'other disk' }, { ...plugin, [key]: null }), { health_plugins: ['other'], health_details: [{ name: 'other' }] }, key)
  const { running_domains: domains } = nodeDetails('plum', { znode: (key) => sound[key], plugin: () => undefined, domain: (uuid) => uuid === 'u1' ? null : undefined })
  t.strictSame(domains, ['u2'])
})

t.test('numbers', async (t) => {
  t.strictSame(['12', ' 12\n', '-3', '1.5', '', 'x', '1234567890123456', undefined].map(integer), [12, 12, -3, null, null, null, null, null])
  t.strictSame(['12', '1.5', '.5', '2.', '1e3', '-1', 'NaN', 'Infinity', '0x10', '', '1e999', '1e307', '-1e15', '9e14', undefined].map(decimal), [12, 1.5, 0.5, 2, 1000, -1, null, null, null, null, null, null, null, 9e14, null])
  t.strictSame([present('x'), present(''), present(undefined)], ['x', null, null])
})
