/** Conditions, and the znodes that bring each about. */
import type { ConditionCode } from '../../../src/core/conditions/kinds.ts'
import { KEEPALIVE_LATE, LOCK_HELD, OVERDUE, SLOW } from '../../../src/core/conditions/thresholds.ts'
import { disbelief } from '../../../src/core/model/member.ts'
import { openRecord } from '../../../src/core/model/record.ts'
import { STALE_AFTER } from '../../../src/pvcapid/services/cluster-cache.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'

type Texts = Readonly<Record<string, string | null>>
export interface Case {
  readonly code: ConditionCode
  readonly node: string | null
  /** Znodes as they have to be for it; null: none. */
  readonly texts: Texts | ((session: Session) => Promise<Texts>)
  /** Whether the primary is not settled meanwhile. */
  readonly unsettled?: true
  /** Milliseconds that have to pass before it begins, by its own rule. */
  readonly ownTime?: number
  /** ZooKeeper is stopped meanwhile. */
  readonly withoutZooKeeper?: true
}

const fig = '/nodes/fig'
export const presence = (more: object = {}) => JSON.stringify({ failover: 'manual', ...more })
const unready = { readiness: { interval: 10, unready: [{ resource: 'ip', message: 'eth9 is down.', since: '2026-01-01T00:00:00.000Z' }] } }
const resources = (state: string) => JSON.stringify({ resources: [{ name: 'ip', state, since: '2026-01-01T00:00:00.000Z', error: 'It is gone.' }] })
const concern = (code: string) => JSON.stringify({ resources: [{ name: 'ip', state: 'held', since: '2026-01-01T00:00:00.000Z', error: null, concerns: [{ code, message: 'something is wrong with it', since: '2026-01-01T00:00:00.000Z' }] }] })
const fence = JSON.stringify({ state: 'unconfirmed', by: 'quince', why: 'presence_gone', attempts: 2, since: '2026-01-01T00:00:00.000Z', message: 'No answer.' })
const stuck = (direction: string) => JSON.stringify({ direction, epoch: 1, step: 1, of: 2, released: [], since: '2026-01-01T00:00:00.000Z', error: { code: 'release_failed', resource: 'ip', message: 'It is busy.' } })
/** A switchover in progress, with its bound in seconds, that no node serves meanwhile. */
const inProgress = (timeout: number): Texts => ({
  '/switchovers': '',
  '/switchovers/0000900000': JSON.stringify(openRecord(900_000, '2026-01-01T00:00:00.000Z', { from: 'plum', to: 'fig', cause: 'request', timeout })),
  '/nodes/plum/routerstate': 'secondary',
  '/config/primary_node': 'fig',
})
/** fig as one of PVC's nodes that has come back after a fence which did not work, as a coordinator has put it down. */
const writtenOverDead = async (session: Session): Promise<Texts> => ({
  [`${fig}/disbelieved`]: disbelief((await session.get(`${fig}/routerstate`)).stat.mzxid, 'quince', '2026-01-01T00:00:00.000Z'),
  [`${fig}/transition`]: null,
  [`${fig}/presence`]: null,
})
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
  { code: 'lock_held', node: null, texts: { '/config/primary_node/00000000000000000000000000000001__lock__0000000001': 'nobody knows' }, ownTime: LOCK_HELD },
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
  { code: 'state_disbelieved', node: 'fig', texts: writtenOverDead },
  { code: 'switchover_slow', node: 'fig', texts: inProgress(3_600), unsettled: true, ownTime: SLOW },
  { code: 'switchover_overdue', node: null, texts: inProgress(1), unsettled: true, ownTime: 1_000 + OVERDUE },
  { code: 'keepalive_late', node: 'yew', texts: { '/nodes/yew/keepalive': '1' }, ownTime: KEEPALIVE_LATE },
  { code: 'view_stale', node: null, texts: {}, unsettled: true, ownTime: STALE_AFTER, withoutZooKeeper: true },
]
