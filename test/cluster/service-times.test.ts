/** How long a switchover left the service without a holder: by ZooKeeper's stamps, and null where those do not tell. */
import t, { type Test } from 'tap'
import { serviceTimesFor } from '../../src/cluster/service-times.ts'
import { readMembers } from '../../src/cluster/reading.ts'
import { put } from '../../src/cluster/put.ts'
import { openRecord, type SwitchoverRecord } from '../../src/core/model/record.ts'
import { resourcesText, type ResourceState } from '../../src/core/model/resource-states.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import type { Session } from '../../src/zookeeper/session/session.ts'
import { switchoverPath } from '../../src/cluster/layout.ts'
import { connect, zookeeper } from '../support/zookeeper.ts'

const AT = '2026-01-01T00:00:10.000Z'
const planned = openRecord(7, AT, { from: 'hv1', to: 'hv2', cause: 'request', timeout: 60 })
const transition = (direction: string, epoch: number | null) => JSON.stringify({ epoch, direction, step: 2, of: 2, resource: null, released: ['ip'], since: AT, error: null })
const resources = (state: ResourceState, since: string, seconds: number, epoch = 7) =>
  resourcesText([{ name: 'ip', state, since, error: null, concerns: [] }], new Map([['ip', { seconds, epoch }]]))
const stamp = async (session: Session, path: string) => new Date((await session.get(path)).stat.mtime).toISOString()

/** hv2 has taken over from hv1, each with what it publishes. */
async function handedOver (t: Test) {
  const session = await connect(t, await zookeeper(t))
  const write = async (texts: Readonly<Record<string, string>>) => { for (const [path, text] of Object.entries(texts)) await put(session, `/nodes/${path}`, text) }
  await write({
    'hv1/daemonstate': 'run',
    'hv1/resources': resources('released', AT, 2.5),
    'hv1/transition': transition('relinquish', 7),
    'hv1/routerstate': 'secondary',
    'hv2/daemonstate': 'run',
    'hv2/transition': transition('takeover', 7),
    'hv2/resources': resources('held', AT, 0.25),
    'hv2/routerstate': 'primary',
  })
  const times = async (record: SwitchoverRecord = planned, seen: Parameters<typeof serviceTimesFor>[4] = []) =>
    await serviceTimesFor(session, record, { outcome: 'succeeded' }, await readMembers(session), seen)
  return { session, write, times }
}

t.test('a planned switchover', async (t) => {
  const { session, write, times } = await handedOver(t)
  const released = Date.parse(await stamp(session, '/nodes/hv1/transition'))
  const held = await stamp(session, '/nodes/hv2/resources')
  const found = await times()
  t.strictSame(found, {
    last_held_at: new Date(released - 2_500).toISOString(),
    held_again_at: held < await stamp(session, '/nodes/hv2/routerstate') ? held : await stamp(session, '/nodes/hv2/routerstate'),
    outage_seconds: found.outage_seconds,
    resources: { ip: { released_by: 'hv1', release_seconds: 2.5, acquired_by: 'hv2', acquire_seconds: 0.25 } },
  })
  t.equal(found.outage_seconds, (Date.parse(found.held_again_at ?? '') - released + 2_500) / 1000)

  t.comment('it had released everything for the switchover before, which did not succeed')
  await write({ 'hv1/resources': resources('released', AT, 2.5, 6), 'hv1/transition': transition('relinquish', 6) })
  t.match(await times(), { last_held_at: new Date(Date.parse(await stamp(session, '/nodes/hv1/transition')) - 2_500).toISOString(), resources: { ip: { released_by: null } } })
  await write({ 'hv1/transition': transition('relinquish', 7) })

  t.comment('what was published for another epoch, or not at all, is not known')
  await write({ 'hv1/resources': resources('released', AT, 2.5, 6) })
  t.match(await times(), { last_held_at: null, outage_seconds: null, resources: { ip: { released_by: null, acquired_by: 'hv2' } } })
  await write({ 'hv1/resources': resources('released', 'once', 2.5) })
  t.match(await times(), { outage_seconds: null })
  await write({ 'hv1/resources': resources('released', AT, 1e300) })
  t.match(await times(), { outage_seconds: null }, 'no date is that early')
  await write({ 'hv1/resources': resources('released', AT, 2.5), 'hv1/transition': transition('start', null) })
  t.match(await times(), { outage_seconds: null }, 'it has begun something else since')
  await write({ 'hv1/transition': 'oops' })
  t.match(await times(), { outage_seconds: null })
  await write({ 'hv2/resources': 'oops' })
  t.match(await times(), { held_again_at: await stamp(session, '/nodes/hv2/routerstate'), resources: { ip: { acquired_by: null } } })
})

t.test('a failover: from the last sign of life that is on record', async (t) => {
  const { session, times } = await handedOver(t)
  const evidence = { node: 'hv1', daemon_state: 'fenced', judged_by: null, judged_at: null, why: null, last_sign_at: null, fence: null } as const
  const held = Date.parse(await stamp(session, '/nodes/hv2/routerstate'))
  const failover: SwitchoverRecord = { ...planned, cause: 'fence', evidence, last_held_at: new Date(held - 20_000).toISOString() }
  const found = await times(failover)
  t.match(found, { last_held_at: failover.last_held_at, resources: { ip: { released_by: null, release_seconds: null, acquired_by: 'hv2' } } })
  t.ok(Math.abs((found.outage_seconds ?? 0) - 20) < 20, 'up to the moment at which everything is held')
  t.match(await times({ ...failover, last_held_at: null }), { outage_seconds: null, held_again_at: String })
  t.match(await times({ ...failover, last_held_at: 'never' }), { last_held_at: 'never', outage_seconds: null })
  t.match(await times({ ...failover, last_held_at: '9999-01-01T00:00:00.000Z' }), { outage_seconds: null }, 'a clock that was set back')
})

t.test('a target that has taken nothing over', async (t) => {
  const { write, times } = await handedOver(t)
  t.match(await times({ ...planned, epoch: 8 }), { held_again_at: null, outage_seconds: null }, 'it was primary before')
  t.match(await times({ ...planned, from: null }), { last_held_at: null, held_again_at: String, outage_seconds: null })
  t.match(await times({ ...planned, from: 'hv2' }), { outage_seconds: null })
  await write({ 'hv2/routerstate': 'relinquish' })
  t.match(await times(), { held_again_at: null }, 'it is primary no more')
  for (const name of ['hv9', '../a']) t.match(await times({ ...planned, to: name }), { held_again_at: null, resources: {} })
  t.match(await times({ ...planned, from: '../a' }), { last_held_at: null, outage_seconds: null })
})

t.test('PVC nodes: by the states in which they were seen', async (t) => {
  const { session, write, times } = await handedOver(t)
  for (const path of ['/nodes/hv1/transition', '/nodes/hv2/transition', '/nodes/hv1/resources', '/nodes/hv2/resources']) await session.delete(path, 0)
  t.match(await times(), { last_held_at: null, held_again_at: await stamp(session, '/nodes/hv2/routerstate') })
  await write({ 'hv2/routerstate': 'primary' })
  const relinquished = new Date(Date.parse(await stamp(session, '/nodes/hv2/routerstate')) - 3_000).toISOString()
  t.match(await times(planned, [{ at: relinquished, node: 'hv1', coordinator_state: 'relinquish' }]), { last_held_at: relinquished, outage_seconds: 3, resources: {} })
})

t.test('a freed key shares what became of it; and what may not be read is not known', async (t) => {
  const { session } = await handedOver(t)
  const next: SwitchoverRecord = { ...planned, epoch: 8, last_held_at: 'a', held_again_at: 'b', outage_seconds: 3, resources: { ip: { released_by: 'hv1', release_seconds: 1, acquired_by: 'hv2', acquire_seconds: 2 } } }
  await put(session, switchoverPath(8), JSON.stringify(next))
  await put(session, switchoverPath(10), JSON.stringify({ ...next, epoch: 10, last_held_at: null }))
  const freed = { ...planned, to: null }
  const shared = async (epoch?: number) => await serviceTimesFor(session, freed, { outcome: 'succeeded', ...epoch === undefined ? {} : { continued_by: epoch } }, [], [])
  t.strictSame(await shared(8), { last_held_at: 'a', held_again_at: 'b', outage_seconds: 3, resources: next.resources })
  t.match(await serviceTimesFor(session, { ...freed, last_held_at: 'before' }, { outcome: 'succeeded', continued_by: 10 }, [], []), { last_held_at: 'before' })
  t.strictSame(await shared(9), {})
  t.strictSame(await shared(), {})
  const get = session.get.bind(session)
  session.get = async (path, options) => {
    if (path.endsWith('/resources')) throw new ZooKeeperError('no_auth', { op: 'get', path })
    return await get(path, options)
  }
  const members = await readMembers(session)
  t.strictSame(await serviceTimesFor(session, planned, { outcome: 'succeeded' }, members, []), {})
  session.get = async (path) => { throw new ZooKeeperError('connection_loss', { op: 'get', path }) }
  await t.rejects(serviceTimesFor(session, planned, { outcome: 'succeeded' }, members, []), { code: 'connection_loss' }, 'that is asked again')
})
