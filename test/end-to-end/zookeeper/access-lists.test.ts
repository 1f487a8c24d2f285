/** What ZooKeeper's access lists deny is said with its path, nothing stays locked because of it, and once they are mended everything continues. */
import t from 'tap'
import { PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually, kazoo } from '../../support/zookeeper.ts'

/** `<path> <permissions>` sets the access list for anybody (`r` reads, `w` writes, `c` creates, `d` deletes). */
const LISTS = `
from kazoo.security import make_acl, make_digest_acl
zk.add_auth('digest', 'owner:secret')
for line in sys.stdin:
    path, allowed = line.split()
    zk.set_acls(path, [make_digest_acl('owner', 'secret', all=True), make_acl('world', 'anyone', read='r' in allowed, write='w' in allowed, create='c' in allowed, delete='d' in allowed)])
    say('done')
`
const ALL = 'rwcd'

t.test('znodes that only others may write', { timeout: 180_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick, coordinator: { ...quick.coordinator, handover_timeout: 3 } })
  const api = await made.startApi('hv1')
  const lists = await kazoo(t, made.zookeeper, LISTS)
  const session = await watcher.session()
  const lockChildren = async () => (await session.children(PRIMARY_NODE)).names
  const { name: former, epoch } = await watcher.settled()
  const other = former === 'hv1' ? 'hv2' : 'hv1'
  const ask = async () => await askForSwitchover(api, { to: other })
  const denied = { status: 503, body: { code: 'zookeeper_permission', outcome: 'not_started' } }
  const log = () => made.apis.get('hv1')?.log ?? []

  await t.test('no record can be made', async (t) => {
    await lists.ask('/switchovers r')
    t.match(await ask(), denied)
    t.match((await ask()).body['detail'], `/switchovers/${String(epoch + 1).padStart(10, '0')}`)
    t.ok(log().some((line) => line['operation'] === 'create' && String(line['path']).startsWith('/switchovers/')), 'the log of the API')
    await eventually(async () => (await lockChildren()).length === 0)
    await lists.ask(`/switchovers ${ALL}`)
  })

  await t.test('the key cannot be written, though its lock can be taken', async (t) => {
    await lists.ask(`${PRIMARY_NODE} rcd`)
    const reply = await ask()
    t.match(reply, denied)
    t.match(reply.body['detail'], PRIMARY_NODE)
    await eventually(async () => (await lockChildren()).length === 0)
    await watcher.sees('a record that is closed', ({ records }) => records.some((record) => record.epoch === epoch + 1 && record.outcome === 'not_applied'))
  })

  await t.test('the lock cannot be taken', async (t) => {
    await lists.ask(`${PRIMARY_NODE} rw`)
    const reply = await ask()
    t.match(reply, denied)
    t.match(reply.body['detail'], PRIMARY_NODE)
  })

  await t.test('the key cannot be read', async (t) => {
    await lists.ask(`${PRIMARY_NODE} wcd`)
    const reply = await ask()
    t.match(reply, denied)
    t.match(reply.body['detail'], PRIMARY_NODE)
    await eventually(async () => (await lists.ask(`${PRIMARY_NODE} ${ALL}`)) === 'done' && (await lockChildren()).length === 0)
  })

  await t.test('nothing was moved by that, and nothing is in the way any more', async (t) => {
    t.same(made.effects().filter((line) => line.includes('release') && line.includes(former) && Number(line.split(' ')[0]) >= epoch), [])
    t.match(await ask(), { status: 202 })
    await watcher.settled(other)
  })

  await t.test('a primary that may not free the key says so, releases everything and stops', async (t) => {
    await lists.ask('/switchovers r')
    const stopped = made.nodes.get(other)
    t.equal(await stopped?.stop(), 0)
    const said = stopped?.log.filter((line) => line['reason'] === 'no_auth') ?? []
    t.equal(said.length, 1, 'once')
    t.match(said[0]?.msg, /^the primary key cannot be changed: ZooKeeper does not permit the operation create on \/switchovers\//)
    t.notOk(stopped?.log.some(({ msg }) => msg.startsWith('unexpected error')), 'and nothing is unexpected')
    // The other node tries meanwhile.
    await eventually(async () => (await lockChildren()).length === 0)
    t.equal(made.holder('address'), null)
  })

  await t.test('and is followed as soon as that is mended', async (t) => {
    // The other node wants the key by now, and is denied it.
    await eventually(() => made.nodes.get(former)?.log.some((line) => line['reason'] === 'no_auth') === true)
    await lists.ask(`/switchovers ${ALL}`)
    await watcher.settled(former)
    t.notOk(made.nodes.get(former)?.log.some(({ msg }) => msg.startsWith('unexpected error')))
    t.same(made.collisions(), [])
  })
})

t.test('an API that may not read the key', { timeout: 60_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  const lists = await kazoo(t, made.zookeeper, LISTS)
  await watcher.settled('hv1')
  await lists.ask(`${PRIMARY_NODE} wcd`)
  const api = await made.startApi('hv1')
  const post = async (path: string, body: object) => await askApi(`${api}${path}`, { method: 'POST', body })
  const denied = { status: 503, body: { code: 'zookeeper_permission', outcome: 'not_started', detail: new RegExp(`get on ${PRIMARY_NODE}`) } }
  t.match(await post('/api/v1/switchover', { to: 'hv1' }), denied)
  const ready = async () => (await askApi<{ reasons: string[] }>(`${api}/health/ready`)).body.reasons
  t.match(await ready(), ['Nothing has been read from ZooKeeper yet.', new RegExp(`does not permit the operation get on ${PRIMARY_NODE}`)])
  const said = () => made.apis.get('hv1')?.log.filter((line) => line['reason'] === 'no_auth' && line['path'] === PRIMARY_NODE && line.level !== 'info') ?? []
  t.equal(said().length, 1, 'the log says it once, however often it is tried')

  await lists.ask(`${PRIMARY_NODE} ${ALL}`)
  await eventually(async () => (await askApi(`${api}/health/ready`)).status === 200)
  t.same(await ready(), [])

  t.match(await post('/api/v1/status?state=true', {}), { status: 200 })
  await lists.ask('/config/maintenance r')
  t.match(await post('/api/v1/status?state=false', {}), { status: 503, body: { code: 'zookeeper_permission', outcome: 'not_started', detail: /set on \/config\/maintenance/ } }, 'other writes are answered likewise')
})
