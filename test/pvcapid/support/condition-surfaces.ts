/** Conditions brought about in ZooKeeper and ended again, and where each has to show meanwhile: the same on every surface, within five seconds. */
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { ConditionCode } from '../../../src/core/conditions/kinds.ts'
import { conditionKinds } from '../../../src/core/conditions/kinds.ts'
import { openRecord } from '../../../src/core/model/record.ts'
import { isNoNode } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { api, ask, makeCluster } from './api.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'

/** Milliseconds in which a condition has to appear, and to disappear; a lock and a keepalive are first given their own time. */
const WITHIN = 5_000
const OWN_TIME: Partial<Record<ConditionCode, number>> = { lock_held: 3_000, keepalive_late: 15_000, switchover_slow: 15_000 }

type Texts = Readonly<Record<string, string | null>>
export interface Case {
  readonly code: ConditionCode
  readonly node: string | null
  /** Znodes as they have to be for it; null: none. */
  readonly texts: Texts
  /** Whether the primary is not settled meanwhile. */
  readonly unsettled?: true
}

const fig = '/nodes/fig'
const presence = (more: object = {}) => JSON.stringify({ failover: 'manual', ...more })
const unready = { readiness: { interval: 10, unready: [{ resource: 'ip', message: 'eth9 is down.', since: '2026-01-01T00:00:00.000Z' }] } }
const resources = (state: string) => JSON.stringify({ resources: [{ name: 'ip', state, since: '2026-01-01T00:00:00.000Z', error: 'It is gone.' }] })
const concern = (code: string) => JSON.stringify({ resources: [{ name: 'ip', state: 'held', since: '2026-01-01T00:00:00.000Z', error: null, concerns: [{ code, message: 'something is wrong with it', since: '2026-01-01T00:00:00.000Z' }] }] })
const fence = JSON.stringify({ state: 'unconfirmed', by: 'quince', why: 'presence_gone', attempts: 2, since: '2026-01-01T00:00:00.000Z', message: 'No answer.' })
const stuck = (direction: string) => JSON.stringify({ direction, epoch: 1, step: 1, of: 2, released: [], since: '2026-01-01T00:00:00.000Z', error: { code: 'release_failed', resource: 'ip', message: 'It is busy.' } })
/** A switchover whose bound is an hour. */
const inProgress = JSON.stringify(openRecord(900_000, '2026-01-01T00:00:00.000Z', { from: 'plum', to: 'fig', cause: 'request', timeout: 3_600 }))
const gone = { [`${fig}/presence`]: null, [`${fig}/daemonstate`]: 'dead' }

/** On a cluster of plum (primary), fig and quince, and the hypervisor yew, all of ours. */
export const cases: readonly Case[] = [
  { code: 'primary_dead', node: 'plum', texts: { '/nodes/plum/daemonstate': 'dead', '/nodes/plum/presence': null }, unsettled: true },
  { code: 'fence_unconfirmed', node: 'fig', texts: { ...gone, [`${fig}/fence`]: fence } },
  { code: 'node_fenced', node: 'fig', texts: { [`${fig}/presence`]: null, [`${fig}/daemonstate`]: 'fenced' } },
  { code: 'domains_left', node: 'fig', texts: { [`${fig}/presence`]: null, [`${fig}/daemonstate`]: 'fenced', '/domains/u1': 'web1', '/domains/u1/node': 'fig', '/domains/u1/state': 'start' } },
  { code: 'schema_too_new', node: null, texts: { '/schema': '', '/schema/version': '16' } },
  { code: 'node_health_low', node: 'fig', texts: { [`${fig}/monitoring_health`]: '0' } },
  { code: 'fencing_suspended', node: null, texts: { ...gone, '/config/maintenance': 'true' } },
  { code: 'lock_held', node: null, texts: { '/config/primary_node/00000000000000000000000000000001__lock__0000000001': 'nobody knows' } },
  { code: 'resource_lost', node: 'plum', texts: { '/nodes/plum/resources': resources('lost') }, unsettled: true },
  { code: 'address_duplicate', node: 'plum', texts: { '/nodes/plum/resources': concern('address_duplicate') } },
  { code: 'address_unannounced', node: 'plum', texts: { '/nodes/plum/resources': concern('address_unannounced') } },
  { code: 'fence_probe', node: 'fig', texts: { '/nodes/plum/presence': presence({ broken_fences: [{ node: 'fig', message: 'No answer.', since: '2026-01-01T00:00:00.000Z' }] }) } },
  { code: 'primary_missing', node: null, texts: { '/config/primary_node': 'none', '/nodes/plum/routerstate': 'secondary' }, unsettled: true },
  { code: 'primary_unknown', node: null, texts: { '/config/primary_node': 'elm', '/nodes/plum/routerstate': 'secondary' }, unsettled: true },
  { code: 'primary_mismatch', node: 'plum', texts: { '/config/primary_node': 'fig' }, unsettled: true },
  { code: 'several_primaries', node: null, texts: { [`${fig}/routerstate`]: 'primary' }, unsettled: true },
  { code: 'release_failed', node: 'fig', texts: { [`${fig}/transition`]: stuck('relinquish'), [`${fig}/routerstate`]: 'relinquish' }, unsettled: true },
  { code: 'node_dead', node: 'fig', texts: gone },
  { code: 'node_unreachable', node: 'fig', texts: { [`${fig}/presence`]: null } },
  { code: 'node_stopped', node: 'fig', texts: { [`${fig}/presence`]: null, [`${fig}/daemonstate`]: 'stop' } },
  { code: 'node_unreadable', node: 'fig', texts: { [`${fig}/daemonstate`]: 'asleep' } },
  { code: 'resource_failed', node: 'fig', texts: { [`${fig}/resources`]: resources('failed') } },
  { code: 'successor_missing', node: null, texts: { [`${fig}/presence`]: presence(unready), '/nodes/quince/presence': presence(unready) } },
  { code: 'candidates_unwilling', node: null, texts: { [`${fig}/presence`]: presence({ candidate: { priority: 0 } }), '/nodes/quince/presence': presence({ candidate: { priority: 0 } }) } },
  { code: 'node_not_ready', node: 'fig', texts: { [`${fig}/presence`]: presence(unready) } },
  { code: 'checks_stale', node: 'fig', texts: { [`${fig}/monitoring_plugins`]: 'disk', [`${fig}/monitoring_data`]: '', [`${fig}/monitoring_data/disk`]: '', [`${fig}/monitoring_data/disk/stale`]: 'true' } },
  { code: 'resources_differ', node: 'fig', texts: { [`${fig}/presence`]: presence({ resources: [] }), '/nodes/quince/presence': presence({ resources: ['10.0.0.100'] }) } },
  { code: 'failover_differs', node: null, texts: { [`${fig}/presence`]: presence({ failover: 'fenced' }) } },
  { code: 'node_backs_off', node: 'fig', texts: { [`${fig}/presence`]: presence({ stands_back: { until: 'noon', why: 'It failed.' } }) } },
  { code: 'node_flushed', node: 'fig', texts: { [`${fig}/domainstate`]: 'flushed' } },
  { code: 'versions_differ', node: null, texts: { [`${fig}/pvcversion`]: '2.0', '/nodes/plum/pvcversion': '1.0' } },
  { code: 'maintenance', node: null, texts: { '/config/maintenance': 'true' } },
  { code: 'fault', node: null, texts: { '/faults/ABCD1234': '', '/faults/ABCD1234/status': 'new', '/faults/ABCD1234/delta': '5', '/faults/ABCD1234/message': 'A fan is slow.' } },
  { code: 'switchover_slow', node: 'fig', texts: { '/switchovers': '', '/switchovers/0000900000': inProgress, '/nodes/plum/routerstate': 'secondary', '/config/primary_node': 'fig' }, unsettled: true },
  { code: 'keepalive_late', node: 'yew', texts: { '/nodes/yew/keepalive': '1' } },
]

const isPresence = (path: string) => path.endsWith('/presence')

export async function put (session: Session, path: string, value: string | null): Promise<string | null> {
  const before = await session.get(path).then(({ data }) => data, (error: unknown) => { if (!isNoNode(error)) throw error; return null })
  if (value === null) await session.delete(path, ANY_VERSION).catch((error: unknown) => { if (!isNoNode(error)) throw error })
  else if (before === null) await session.create(path, value, { ephemeral: isPresence(path) })
  else await session.set(path, value, ANY_VERSION)
  return before
}

async function ourCluster (t: Test): Promise<{ readonly session: Session, readonly app: FastifyInstance }> {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  await makeCluster(session)
  for (const name of ['plum', 'fig', 'quince', 'yew']) {
    await put(session, `/nodes/${name}/transition`, JSON.stringify({ direction: 'start', epoch: null, step: 1, of: 1, released: [], since: '2026-01-01T00:00:00.000Z', error: null }))
    await put(session, `/nodes/${name}/presence`, presence())
  }
  return { session, app: await api(t, { port: server.port }) }
}

interface Told { readonly code: string, readonly severity: string, readonly node: string | null, readonly fault: string | null }

/** Where a condition shows, by surface. */
async function surfaces (t: Test, app: FastifyInstance, { code, node }: Case, atRest = false): Promise<Readonly<Record<string, boolean>>> {
  const isIt = (told: Told) => told.code === code && (node === null || told.node === node)
  const health = await ask(t, app, 'GET', '/health/cluster?warning=429')
  const status = (await ask(t, app, 'GET', '/api/v1/status')).body as unknown as { readonly conditions: readonly Told[], readonly cluster_health: { readonly messages: ReadonlyArray<{ readonly id: string }> } }
  const faults = JSON.parse((await ask(t, app, 'GET', '/api/v1/faults')).text) as ReadonlyArray<{ readonly id: string }>
  const found = (health.body as unknown as { readonly conditions: readonly Told[] }).conditions
  if (atRest) t.strictSame(status.conditions, found, 'status and health say the same')
  const { severity } = conditionKinds[code]
  const id = found.find(isIt)?.fault ?? null
  const metrics = (await ask(t, app, 'GET', '/metrics')).text
  return {
    status: status.conditions.some(isIt),
    health: found.some(isIt) && (severity === 'info' || health.status === (found.some((each) => each.severity === 'critical') ? 503 : 429)),
    metric: new RegExp(`^pvc_condition\\{code="${code}",severity="[a-z]+",node="${node ?? ''}"`, 'm').test(metrics),
    ...conditionKinds[code].delta === 0 ? {} : { fault: faults.some((fault) => fault.id === id), health_message: status.cluster_health.messages.some((message) => message.id === id) },
  }
}

/** One after the other: there, on every surface, then nowhere. Answers with milliseconds by case. */
export async function run (t: Test, codes: ReadonlySet<ConditionCode> | null): Promise<ReadonlyArray<readonly [string, Readonly<Record<string, boolean>>, number, number]>> {
  const { session, app } = await ourCluster(t)
  const rows: Array<readonly [string, Readonly<Record<string, boolean>>, number, number]> = []
  for (const each of cases.filter(({ code }) => codes?.has(code) ?? true)) {
    await t.test(each.code, async (t) => {
      const everywhere = (there: boolean) => async () => Object.values(await surfaces(t, app, each)).every((shown) => shown === there)
      t.ok(await everywhere(false)(), 'not there before')
      const before: Record<string, string | null> = {}
      const begun = performance.now()
      for (const [path, value] of Object.entries(each.texts)) before[path] = await put(session, path, value)
      await eventually(everywhere(true))
      const appeared = performance.now() - begun - (OWN_TIME[each.code] ?? 0)
      const row = await surfaces(t, app, each, true)
      if (each.unsettled) t.match(await ask(t, app, 'GET', '/api/v1/primary'), { body: { settled: false } })
      const ended = performance.now()
      for (const [path, value] of Object.entries(before).reverse()) await put(session, path, value)
      await eventually(everywhere(false))
      const disappeared = performance.now() - ended
      await eventually(async () => (await ask(t, app, 'GET', '/api/v1/primary')).body['settled'] === true)
      rows.push([each.code, row, appeared, disappeared])
    })
  }
  t.ok(rows.every(([, , appeared, disappeared]) => appeared < WITHIN && disappeared < WITHIN), `within ${WITHIN} ms`)
  return rows
}
