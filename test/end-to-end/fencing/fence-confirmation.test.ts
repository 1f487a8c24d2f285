/**
 * A dead primary that cannot be fenced: whatever the fencing command does, its key is not freed and everybody is told so, until an operator
 * vouches for it; for a node that is alive nobody can.
 */
import t from 'tap'
import { parseFence } from '../../../src/core/model/fence-record.ts'
import { askApi } from '../../support/api-client.ts'
import { fencedCluster } from '../../support/fencing.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a fence that fails, hangs, is late; and an operator', { timeout: 120_000 }, async (t) => {
  const { made, watcher, fences, command } = await fencedCluster(t, ['hv1', 'hv2'], {}, { timeout: 1 })
  const api = await made.startApi('hv1')
  const post = async (path: string, body: object) => await askApi(`${api}/api/v1/${path}`, { method: 'POST', body })
  const confirm = async (name: string) => await post(`node/${name}/fence-confirmation`, { confirm: name })
  const dead = await watcher.settled()
  const other = dead.name === 'hv1' ? 'hv2' : 'hv1'
  t.match(await confirm(dead.name), { status: 409, body: { code: 'fence_not_confirmable', reasons: { [dead.name]: [{ code: 'not_dead' }, { code: 'present' }] } } }, 'a live primary is not to be vouched for')

  command('fails')
  await made.nodes.get(dead.name)?.kill()
  const session = await watcher.session()
  const record = async () => parseFence((await session.get(`/nodes/${dead.name}/fence`).catch(() => null))?.data)
  const attempted = async (attempts: number) => await eventually(async () => (await record())?.attempts === attempts)
  await attempted(1)
  t.match(await record(), { state: 'unconfirmed', message: 'The fencing command exited with 1.', confirmed_at: null })
  command('hangs')
  await attempted(2)
  t.match(await record(), { state: 'unconfirmed', message: 'The fencing command did not end within 1 s and was killed.' })
  command('is late')
  await attempted(3)
  t.match(await record(), { state: 'unconfirmed', message: 'The fencing command did not end within 1 s and was killed.' })
  t.same(fences(), ['fails', 'hangs', 'is late'].map((what) => `${dead.name} ${dead.epoch} ${what}`))

  t.match(watcher.feed.view, { key: { value: dead.name, version: dead.epoch } }, 'the key is not freed')
  t.equal(made.holder('address'), dead.name)
  t.match((await askApi(`${api}/metrics`)).text, `pvc_node_fence_state{node="${dead.name}",state="unconfirmed"} 1\n`)
  t.match(await askApi(`${api}/api/v1/status`), { body: { fencing: { failover: 'fenced', dead: [{ node: dead.name, state: 'unconfirmed', attempts: 3, message: /was killed/ }] } } })
  t.match(await post('switchover', { to: other }), { status: 422, body: { code: 'holder_unconfirmed', confirmation: [`/api/v1/node/${dead.name}/fence-confirmation`] } })
  t.match(await confirm(other), { status: 409, body: { code: 'fence_not_confirmable' } }, 'a live secondary is not to be vouched for either')

  // What the operator has done before saying so.
  made.takeFrom(dead.name)
  t.match(await confirm(dead.name), { status: 200 })
  const next = await watcher.settled(other)
  t.match(watcher.feed.view?.records.find(({ epoch }) => epoch === next.epoch), { cause: 'fence', outcome: 'succeeded' })
  t.match(await record(), { state: 'confirmed', attempts: 3, confirmed_by: null, message: 'An operator has confirmed that it is down.' })
  t.match(await confirm(dead.name), { status: 200, body: { message: /already/ } }, 'said twice')
  t.equal(fences().length, 3, 'and it is not fenced any more')
  t.same(made.collisions(), [])
})
