/**
 * Whatever a tree is like, PVC's client can format what it is sent: of each reply, every field that the client formats is there and of its type. Trees
 * are the recorded one with znodes missing, empty or malformed, down to the leaves of what is JSON. STOCK_CLIENT_TREES is how many.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { isNoNode, isNodeExists } from '../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../support/zookeeper.ts'
import { api } from '../pvcapid/support/api.ts'

const TREES = Number(process.env['STOCK_CLIENT_TREES'] ?? 120)
const DOMAIN = '/domains/aaaaaaaa-0000-4000-8000-000000000001'
const FAULT = '/faults/AAAAAAAA'
const znodes: Readonly<Record<string, string>> = {
  ...JSON.parse(readFileSync(join(packageFolder(), 'test', 'fixtures', 'znodes.json'), 'utf8')) as Record<string, string>,
  ...Object.fromEntries(Object.entries({ '': 'mail', '/state': 'start', '/node': 'plum' }).map(([name, text]) => [`${DOMAIN}${name}`, text])),
  ...Object.fromEntries(Object.entries({ '': '', '/last_time': 't', '/first_time': 't', '/ack_time': '', '/status': 'new', '/delta': '5', '/message': 'm' }).map(([name, text]) => [`${FAULT}${name}`, text])),
}
const paths = Object.keys(znodes)
/** Texts that programs and people leave in znodes; null: the znode is missing. */
const texts = [null, '', 'None', 'N/A', 'null', 'nan', '-1', '1e307', '1e400', '0.0', 'constructor', 'total', '__proto__', '{', '[]', '{"a":null}', '{"e0":null}', '{"e0":{"rx_bps":null}}', 'a b c', '4 k o a', 'no such state', '\u0000', 'x'.repeat(5_000), '9'.repeat(40), '"', '../..', 'ä\u2028'] as const

/** What is nearly sound: each of these once, in a tree of its own. */
const [first = '', second = ''] = paths.flatMap((path) => /^\/nodes\/([^/]+)$/.exec(path)?.[1] ?? [])
const known: ReadonlyArray<readonly [path: string, texts: readonly string[]]> = [
  [`/nodes/${first}/cpuload`, ['1e307', '-1e300']],
  [`/nodes/${first}/memtotal`, ['9'.repeat(15), `-${'9'.repeat(15)}`]],
  [`${DOMAIN}/state`, ['constructor', 'total', '__proto__', 'toString', 'unknown']],
  [`/nodes/${first}/network_stats`, ['5', 'null', '[]', '{"x":null}', '{"rx_bps":null}', '{"rx_bps":"x","state":5}', '{"rx_bps":1e307,"tx_bps":{}}', '{"state":null,"link_speed":[1]}', '{"more":{"x":[null]}}'].map((entry) => `{"eno1":${entry},"eno2":{"rx_bps":5}}`)],
  [`${FAULT}/delta`, ['-5', 'null', '1e3', '9'.repeat(15)]],
  [`/nodes/${first}/monitoring_data/fans/health_delta`, ['1e3', 'null', '{}', '9'.repeat(20)]],
  [`/nodes/${first}/resources`, ['null', '5', '[]', '{"name":null}', '{"name":"ip","state":"held","since":5,"error":{}}', '{"name":"ip","state":"constructor"}'].map((entry) => `{"resources":[${entry}]}`)],
]
/** Sound JSON of any shape, by which every generated tree with a seed is the same each time. */
const jsons = [
  ...fc.sample(fc.json({ maxDepth: 4 }), { seed: 1, numRuns: 40 }),
  ...fc.sample(fc.dictionary(fc.constantFrom('eno1', 'eno2', 'constructor'), fc.oneof(fc.dictionary(fc.constantFrom('rx_pps', 'tx_pps', 'rx_bps', 'tx_bps', 'link_speed', 'state', 'more'), fc.jsonValue({ maxDepth: 2 })), fc.jsonValue({ maxDepth: 2 }))), { seed: 1, numRuns: 80 }).map((value) => JSON.stringify(value)),
]
const isJson = (path: string) => /\/(?:network_stats|data|resources)$/.test(path)

type Check = (value: unknown) => boolean
const text: Check = (value) => typeof value === 'string'
const integer: Check = (value) => Number.isSafeInteger(value)
const number: Check = (value) => Number.isFinite(value)
const anything: Check = (value) => value != null
const list = (item: Check): Check => (value) => Array.isArray(value) && value.every(item)
const record = (item: Check): Check => (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(item)
const object = (fields: Readonly<Record<string, Check>>): Check => (value) => typeof value === 'object' && value !== null && Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]))
const oneOf = (...checks: readonly Check[]): Check => (value) => checks.some((check) => check(value))
const health = oneOf(integer, (value) => value === 'N/A')

const optional = (check: Check): Check => (value) => value === undefined || check(value)
const figure = optional(number)
/** What the client formats of an interface, and nothing beside it that is null or nested. */
const networkInterface: Check = (value) => record(oneOf(text, number, (leaf) => typeof leaf === 'boolean'))(value) &&
  object({ rx_pps: figure, tx_pps: figure, rx_bps: figure, tx_bps: figure, link_speed: figure, state: optional(text) })(value)
const vmStates = ['start', 'restart', 'shutdown', 'stop', 'disable', 'fail', 'migrate', 'unmigrate', 'provision', 'import', 'mirror']
/** PVC's own states, each counted once. */
const vms: Check = (value) => {
  const { total, ...states } = value as Record<string, number>
  return record(integer)(value) && Object.keys(states).every((state) => vmStates.includes(state)) && Object.values(states).reduce((sum, count) => sum + count, 0) <= (total ?? 0)
}

const node = object({
  name: text,
  daemon_state: text,
  coordinator_state: text,
  domain_state: text,
  pvc_version: text,
  cpu_count: integer,
  kernel: text,
  os: text,
  arch: text,
  health,
  health_plugins: list(text),
  health_details: list(object({ name: text, last_run: integer, health_delta: integer, message: text, data: anything })),
  load: number,
  domains_count: integer,
  running_domains: list(text),
  vcpu: object({ total: integer, allocated: integer }),
  memory: object({ total: integer, allocated: integer, provisioned: integer, used: integer, free: integer }),
  interfaces: record(networkInterface),
  resources: optional(list(object({ name: text, state: text, since: text, error: oneOf(text, (value) => value === null) }))),
})
const everyCheckHasItsData: Check = (value) => {
  const { health_plugins: plugins, health_details: details } = value as { readonly health_plugins: readonly string[], readonly health_details: ReadonlyArray<{ readonly name: string }> }
  return plugins.every((name) => details.some((each) => each.name === name))
}
const nodes = list((value) => node(value) && everyCheckHasItsData(value))
const fault = object({ id: text, last_reported: text, first_reported: text, acknowledged_at: text, status: text, health_delta: integer, message: text })
const status = object({
  cluster_name: text,
  cluster_health: object({ health: integer, messages: list(object({ id: text, health_delta: integer, text })) }),
  node_health: record(object({ health, messages: list(text) })),
  maintenance: (value) => value === 'true' || value === 'false',
  primary_node: text,
  pvc_version: text,
  nodes: record(integer),
  vms,
  osds: record(integer),
  networks: integer,
  pools: integer,
  volumes: integer,
  snapshots: integer,
  resources: object({ memory: record(number), cpu: record(number), disk: record(number) }),
  detail: object({ node: list(object({ name: text, daemon_state: text, domain_state: text })), vm: list(object({ uuid: text, name: text, state: text })), osd: list(anything), faults: list(fault) }),
})
const METRIC = /^(?:# .*|[a-z_]+(?:\{[^\n]*\})? -?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/
const routes: ReadonlyArray<readonly [string, Check]> = [
  ['/api/v1/node?consistent', nodes], ['/api/v1/status', status], [`/api/v1/node/${first}`, nodes], [`/api/v1/node/${second}`, nodes],
  [`/api/v1/node/${first}/daemon-state`, object({ name: text, daemon_state: text })], [`/api/v1/node/${first}/coordinator-state`, object({ name: text, coordinator_state: text })],
  [`/api/v1/node/${first}/domain-state`, object({ name: text, domain_state: text })], [`/api/v1/node/${first}/log`, object({ name: text, data: text })],
  ['/api/v1/faults', list(fault)], ['/api/v1/tasks', list(anything)], ['/api/v1/status/primary_node', object({ primary_node: text })],
  ['/api/v1/metrics', (value) => String(value).trimEnd().split('\n').every((line) => METRIC.test(line))],
]

/** undefined for what is not JSON, such as `Infinity`: no check takes it. */
function parsed (body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

async function put (session: Session, path: string, value: string | null): Promise<void> {
  try {
    if (value === null) await session.delete(path, ANY_VERSION)
    else await session.set(path, value, ANY_VERSION)
  } catch (error) {
    if (value === null || !isNoNode(error)) return
    await session.create(path, value).catch((again: unknown) => { if (!isNodeExists(again) && !isNoNode(again)) throw again })
  }
}

t.test('every reply can be formatted', { timeout: 3_600_000 }, async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  for (const path of [...paths].sort()) await session.create(path, znodes[path] ?? '').catch((error: unknown) => { if (!isNodeExists(error)) throw error })
  const app = await api(t, { port: server.port })
  let changed: string[] = []
  let replies = 0
  // The same trees each time.
  let seed = 1
  const random = (below: number) => {
    seed = Math.imul(seed, 48_271) % 0x7fffffff
    return Math.abs(seed) % below
  }
  const targeted = known.flatMap(([path, each]) => each.map((value): Readonly<Record<string, string>> => ({ [path]: value })))
  /** Every znode by itself in turn, and several at once between. */
  const generated = (tree: number): Readonly<Record<string, string | null>> => {
    const some = tree % 2 === 0 ? [paths[(tree / 2) % paths.length] as string] : Array.from({ length: 1 + random(12) }, () => paths[random(paths.length)] as string)
    return Object.fromEntries(some.map((path) => [path, isJson(path) && random(4) > 0 ? jsons[random(jsons.length)] as string : texts[random(texts.length)] as string | null]))
  }
  for (let tree = 0; tree < targeted.length + TREES; tree++) {
    // Parents first: what was deleted with them is made again below them.
    for (const path of changed.sort()) await put(session, path, znodes[path] ?? '')
    changed = []
    const left: Record<string, string | null> = {}
    for (const [path, value] of Object.entries(targeted[tree] ?? generated(tree - targeted.length))) {
      await put(session, path, value)
      left[path] = value?.slice(0, 40) ?? null
      changed.push(path)
    }
    for (const [url, fits] of routes) {
      const { statusCode, headers, body } = await app.inject(url)
      // A node that is no longer registered, and a key with the value `none`.
      if (statusCode === 404 || (statusCode === 204 && url.endsWith('primary_node'))) continue
      replies += 1
      const value = String(headers['content-type']).includes('json') ? parsed(body) : body
      if (statusCode !== 200 || !fits(value) || /"(?:load|utilization)":-?\d+[,}]/.test(body.replace(/"data":\{[^}]*\}/g, ''))) t.fail(`${url}: ${statusCode} ${body.slice(0, 500)}`, { left })
    }
  }
  t.ok(replies > TREES * 8, `${replies} replies on ${TREES} trees`)
})
