// What PVC's client is sent of a node: it formats every field, so none is null but what the check's own data says.
import fc from 'fast-check'
import t from 'tap'
import { resourcesText } from '../../../src/core/model/resource-states.ts'
import { fraction } from '../../../src/core/pvc/written-number.ts'
import { detailZnodes, nodeDetails, pluginZnodes } from '../../../src/core/pvc/node-details.ts'
import { nodeReply, type NodeReply } from '../../../src/core/pvc/node-reply.ts'

const reply = (texts: Readonly<Record<string, string>>): NodeReply =>
  nodeReply(nodeDetails('hv1', { znode: (key) => texts[key], plugin: (_, key) => texts[`plugin/${key}`], domain: () => undefined }))

t.test('nothing can be read', async (t) => {
  t.strictSame(reply({}), {
    name: 'hv1',
    daemon_state: 'unknown',
    coordinator_state: 'unknown',
    domain_state: 'unknown',
    pvc_version: 'N/A',
    cpu_count: 0,
    kernel: 'N/A',
    os: 'N/A',
    arch: 'N/A',
    health: 'N/A',
    health_plugins: [],
    health_details: [],
    load: fraction(0),
    domains_count: 0,
    running_domains: [],
    vcpu: { total: 0, allocated: 0 },
    memory: { total: 0, allocated: 0, provisioned: 0, used: 0, free: 0 },
    interfaces: {},
  })
  t.match(reply({ daemonstate: 'init' }), { coordinator_state: 'secondary' }, 'it is starting')
  t.match(reply({ daemonstate: 'init', routerstate: 'client' }), { coordinator_state: 'client' })
  t.match(reply({ monitoring_plugins: 'raid' }), { health_details: [{ name: 'raid', last_run: 0, health_delta: 0, message: '', data: {} }] })
  t.match(reply({ monitoring_health: 'None' }), { health: 'N/A' }, 'as PVC writes it after a fence')
})

t.test('what can be read is as it reads', async (t) => {
  const texts = {
    daemonstate: 'run',
    routerstate: 'primary',
    domainstate: 'ready',
    pvcversion: '1.0',
    staticdata: '4 k o a',
    monitoring_health: '90',
    monitoring_plugins: 'raid',
    cpuload: '0.5',
    domainscount: '1',
    runningdomains: 'u',
    vcpualloc: '2',
    memtotal: '5',
    memalloc: '4',
    memprov: '3',
    memused: '2',
    memfree: '1',
    network_stats: '{"e":{}}',
    resources: resourcesText([{ name: 'ip', state: 'held', since: 't', error: null, concerns: [] }]),
    'plugin/last_run': '7',
    'plugin/health_delta': '10',
    'plugin/message': 'slow',
    'plugin/data': '[1]',
  }
  t.strictSame(reply(texts), {
    name: 'hv1',
    daemon_state: 'run',
    coordinator_state: 'primary',
    domain_state: 'ready',
    pvc_version: '1.0',
    cpu_count: 4,
    kernel: 'k',
    os: 'o',
    arch: 'a',
    health: 90,
    health_plugins: ['raid'],
    health_details: [{ name: 'raid', last_run: 7, health_delta: 10, message: 'slow', data: [1] }],
    load: fraction(0.5),
    domains_count: 1,
    running_domains: ['u'],
    vcpu: { total: 4, allocated: 2 },
    memory: { total: 5, allocated: 4, provisioned: 3, used: 2, free: 1 },
    interfaces: { e: {} },
    resources: [{ name: 'ip', state: 'held', since: 't', error: null, concerns: [] }],
  })
})

/** Places that the client would end at: whatever is null, beside a check's own data and a resource's error. */
const nulls = (value: unknown, path: string): readonly string[] => {
  if (value === null) return [path]
  if (typeof value !== 'object') return []
  return Object.entries(value as object).flatMap(([key, item]) => /^(data|error)$/.test(key) ? [] : nulls(item, `${path}.${key}`))
}

t.test('whatever the znodes say, the client can format it', async () => {
  const text = fc.oneof(fc.constantFrom('', 'None', 'N/A', 'null', '-1', '1e9', '{', '[]', '{"a":null}', '{"e0":null}', '{"e0":{"rx_bps":null,"more":[null]}}', 'run', 'init', 'secondary', 'raid fans', '4 k o a', '\0'), fc.string(), fc.json())
  const keys = [...detailZnodes, ...pluginZnodes.map((key) => `plugin/${key}`)]
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), text), (texts) => {
    const made = reply(texts)
    const numbers = [made.load.value, made.cpu_count, made.domains_count, ...Object.values(made.vcpu), ...Object.values(made.memory), ...made.health_details.flatMap(({ health_delta: delta, last_run: run }) => [delta, run])]
    return nulls(made, 'node').length === 0 && numbers.every((number) => Number.isFinite(number)) && (made.health === 'N/A' || Number.isInteger(made.health)) &&
      made.health_details.every(({ name, data }) => made.health_plugins.includes(name) && data !== undefined)
  }), { numRuns: 10_000 })
})
