/** A cluster in twelve states that an operator may find the status page in: what brings each about, and what the page has to say then. */
import { openRecord, type SwitchoverRecord } from '../../../src/core/model/record.ts'
import { makeCluster, OPERATE, READ } from './api.ts'
import { put } from './condition-surfaces.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'

type Texts = Readonly<Record<string, string | null>>

export interface PageState {
  readonly name: string
  /** Znodes as they have to be for it; null: none. */
  readonly texts?: () => Texts
  /** The tone of the banner; null where there is none. */
  readonly tone: string | null
  /** What it has to say, somewhere on the page. */
  readonly says: readonly (string | RegExp)[]
  /** What it must not say. */
  readonly hides?: readonly string[]
  readonly key?: string | null
  /** ZooKeeper is stopped meanwhile. */
  readonly withoutZooKeeper?: true
  /** The hypervisors are unfolded. */
  readonly unfolded?: true
}

const HYPERVISORS = 50
const hypervisors = ['yew', ...Array.from({ length: HYPERVISORS - 1 }, (_, index) => `hv${String(index + 1).padStart(2, '0')}`)]
const coordinators = ['plum', 'fig', 'quince']

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
const held = (state: string, error: string | null = null) => JSON.stringify({
  resources: [
    { name: 'floating address 10.0.0.5/24', state, since: ago(7_300), error },
    { name: 'unit pvc-dhcp.service', state: state === 'lost' ? 'held' : state, since: ago(7_299), error: null },
  ],
})
const transition = (direction: string, epoch: number | null, step: number, of: number, resource?: string) => JSON.stringify({ direction, epoch, step, of, released: [], since: ago(3), error: null, ...resource === undefined ? {} : { resource } })
const presence = (more: object = {}) => JSON.stringify({ failover: 'fenced', ...more })
const dead = (name: string): Texts => ({ [`/nodes/${name}/presence`]: null, [`/nodes/${name}/daemonstate`]: 'dead' })
const fence = (state: string, message: string) => JSON.stringify({ state, by: 'quince', why: 'presence_gone', attempts: 2, since: ago(95), message })

const record = (epoch: number, seconds: number, more: Partial<SwitchoverRecord>): Texts => ({
  [`/switchovers/${String(epoch).padStart(10, '0')}`]: JSON.stringify({ ...openRecord(epoch, ago(seconds), { from: 'fig', to: 'plum', cause: 'request', timeout: 60, requested_by: 'ops' }), ...more }),
})

const past = (): Texts => ({
  ...record(1, 400_000, { outcome: 'succeeded', finished_at: ago(399_996), from: null, cause: 'contention', requested_by: null, progress: 1 }),
  ...record(2, 90_000, { outcome: 'failed', finished_at: ago(89_957), from: 'plum', to: 'quince', reason: 'kernel of plum', error: { code: 'acquire_failed', resource: 'unit pvc-dhcp.service', message: 'The unit did not start within 30 s: pvc-dhcp.service is masked.' } }),
  ...record(3, 80_000, { outcome: 'succeeded', finished_at: ago(79_997), from: 'plum', to: 'fig', reason: 'kernel of plum', progress: 1, timeline: [{ at: ago(79_999), node: 'plum', coordinator_state: 'relinquish' }, { at: ago(79_998.4), node: 'plum', coordinator_state: 'secondary' }, { at: ago(79_998.2), node: 'fig', coordinator_state: 'takeover' }, { at: ago(79_997), node: 'fig', coordinator_state: 'primary' }] }),
  ...record(4, 7_304, { outcome: 'succeeded', finished_at: ago(7_299), cause: 'fence', requested_by: null, progress: 1 }),
})

/** Everything that is well, with a past. Ephemeral znodes are those of `session`. */
export async function makePageCluster (session: Session): Promise<void> {
  await makeCluster(session)
  await put(session, '/switchovers', JSON.stringify({ base: 3 }))
  for (const [path, text] of Object.entries(past())) await put(session, path, text)
  for (const name of [...coordinators, ...hypervisors]) {
    const at = `/nodes/${name}`
    const isHypervisor = !coordinators.includes(name)
    const texts: Texts = {
      ...isHypervisor ? { [at]: 'hypervisor', [`${at}/daemonmode`]: 'hypervisor', [`${at}/daemonstate`]: 'run', [`${at}/routerstate`]: 'client', [`${at}/domainstate`]: 'ready' } : {},
      [`${at}/transition`]: transition('start', null, 1, 1),
      [`${at}/presence`]: presence(),
      [`${at}/pvcversion`]: '1.0.0',
      [`${at}/monitoring_health`]: '100',
      [`${at}/keepalive`]: '1',
      ...isHypervisor ? {} : { [`${at}/resources`]: held(name === 'plum' ? 'held' : 'released') },
    }
    for (const [path, text] of Object.entries(texts)) await put(session, path, text)
  }
}

/** A sign of life of each node that is in contact as `texts` have it. */
export async function beat (session: Session, count: number, texts: Texts): Promise<void> {
  await Promise.all([...coordinators, ...hypervisors].filter((name) => texts[`/nodes/${name}/presence`] !== null).map(async (name) => await put(session, `/nodes/${name}/keepalive`, String(count))))
}

export const pageStates: readonly PageState[] = [
  { name: 'all-well', tone: 'ok', says: ['plum is primary, and nothing is wrong.', /plum has been primary for/, 'may be made primary', 'Ready: no peer has found that a fence would fail.', /^\d+ s ago$/, /worst health 100 %/] },
  { name: 'primary-dead', texts: () => dead('plum'), tone: 'critical', says: ['The primary key names plum, which is dead.', 'daemon: dead'] },
  {
    name: 'switchover-in-progress',
    texts: () => ({
      ...record(5, 4, { from: 'plum', to: 'fig', reason: 'kernel of plum' }),
      '/config/primary_node': 'fig',
      '/nodes/plum/routerstate': 'relinquish',
      '/nodes/plum/transition': transition('relinquish', 5, 1, 2, 'floating address 10.0.0.5/24'),
      '/nodes/fig/transition': transition('takeover', 5, 0, 2),
    }),
    tone: 'info',
    says: ['Nothing is wrong. A switchover is in progress.', 'Switchover 5: plum to fig', 'gives the role', 'takes the role', /step 1 of 2/, /left of its bound of 1 min/],
  },
  { name: 'fence-unconfirmed', texts: () => ({ ...dead('fig'), '/nodes/fig/keepalive': null, '/nodes/fig/fence': fence('unconfirmed', 'The management controller 10.0.1.2 does not answer.') }), tone: 'critical', says: [/Its fence is not confirmed/, 'Confirm that fig is down'] },
  { name: 'node-fenced', texts: () => ({ '/nodes/fig/presence': null, '/nodes/fig/daemonstate': 'fenced', '/nodes/fig/fence': fence('confirmed', 'The power is off.') }), tone: 'warning', says: ['daemon: fenced'] },
  { name: 'maintenance', texts: () => ({ '/config/maintenance': 'true' }), tone: 'info', says: [/Maintenance mode is on/, 'End maintenance'] },
  { name: 'resource-lost', texts: () => ({ '/nodes/plum/resources': held('lost', 'eth1 has no carrier.') }), tone: 'critical', says: [/floating address 10.0.0.5\/24/, 'eth1 has no carrier.'] },
  { name: 'nobody-primary', texts: () => ({ '/config/primary_node': 'none', '/nodes/plum/routerstate': 'secondary' }), tone: 'critical', says: ['Nobody is primary.'] },
  { name: 'read-only', key: READ, tone: 'ok', says: [/This key may only read; what changes something/, 'may only read'] },
  { name: 'no-key', key: null, tone: null, says: ['An API key is needed', 'an API key is needed'], hides: ['No switchover is on record', 'History', 'plum'] },
  { name: 'fifty-hypervisors', texts: () => ({ '/nodes/hv13/presence': null, '/nodes/hv13/daemonstate': 'stop', '/nodes/hv07/monitoring_health': '60' }), tone: 'warning', unfolded: true, says: [/50 hypervisors/, /1 not running: hv13 \(stop\)/] },
  { name: 'no-contact', withoutZooKeeper: true, tone: 'stale', says: ['This API has no contact with ZooKeeper: what it shows may be out of date.', /not up to date: ZooKeeper last answered/, 'Nodes, as they were known last'] },
]

/** The key of a state. */
export const keyOf = ({ key = OPERATE }: PageState): string | null => key
