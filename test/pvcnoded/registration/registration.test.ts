/** A node's znodes as PVC's daemons read them: with the version of the layout, without which they end at their start. */
import t from 'tap'
import { OwnZnodes } from '../../../src/pvcnoded/daemon/own-znodes.ts'
import { register } from '../../../src/pvcnoded/registration/registration.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

const first = { presence: '{"session":"x"}', startedAt: '2026-02-03T04:05:06.789Z' }
const said = { facts: { cpus: 1, kernel: 'k', os: 'o', arch: 'a' }, version: '1', returns: false }

/** What PVC's daemons, its API and its client read of a node. */
const PVC_READS = {
  daemonmode: 'coordinator',
  daemonstate: 'init',
  routerstate: 'secondary',
  domainstate: 'ready',
  staticdata: '1 k o a',
  pvcversion: '1',
  keepalive: '1770091506',
  activeschema: '15',
  latestschema: '15',
  memtotal: '0',
  memused: '0',
  memfree: '0',
  memalloc: '0',
  memprov: '0',
  vcpualloc: '0',
  cpuload: '0',
  domainscount: '0',
  runningdomains: '',
  networkscount: '0',
  monitoring_plugins: '',
  monitoring_data: '',
  network_stats: '{}',
  ipmihostname: 'h',
  ipmiusername: 'u',
  ipmipassword: 'p',
}
const ours = { transition: '{"epoch":null,"direction":"start","step":0,"of":0,"resource":null,"released":[],"since":"2026-02-03T04:05:06.789Z","error":null}', presence: first.presence }

t.test('a first start makes everything that PVC reads of a node in one transaction', async (t) => {
  const server = await zookeeper(t)
  const [session, observer] = await Promise.all([connect(t, server), connect(t, server)])
  const config = { node: 'hv1', mode: 'coordinator', ipmi: { host: 'h', username: 'u', password: 'p' } } as const
  await session.ensurePath('/nodes')
  await observer.sync('/')
  const appeared = new Promise<void>((resolve) => { observer.onWatch('/nodes', () => resolve()) })
  await observer.children('/nodes', { watch: true })
  const seen = appeared.then(async () => {
    const { names } = await observer.children('/nodes/hv1')
    return await Promise.all(names.map(async (name) => ({ name, ...await observer.get(`/nodes/hv1/${name}`) })))
  })
  await register(session, new OwnZnodes(session, 'hv1'), config, said, first)
  const found = await seen
  t.strictSame(Object.fromEntries(found.map(({ name, data }) => [name, data])), { ...PVC_READS, ...ours }, 'as an observer finds it at the moment at which the node appears')
  const { stat } = await session.get('/nodes/hv1')
  t.strictSame([...new Set(found.flatMap((each) => [each.stat.czxid, each.stat.mzxid]))], [stat.czxid])
  t.strictSame(found.filter((each) => each.stat.ephemeralOwner !== '0').map(({ name, stat: { ephemeralOwner } }) => [name, ephemeralOwner]), [['presence', session.id]])
})

t.test('a hypervisor is a client of the role', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'hypervisor', ipmi: undefined }, said, first)
  t.equal((await session.get('/nodes/hv1/routerstate')).data, 'client')
})

t.test('a later start leaves what is there, and adds what is missing', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const config = { node: 'hv1', mode: 'coordinator', ipmi: undefined } as const
  await session.ensurePath('/nodes/hv1')
  for (const [key, text] of [['domainstate', 'flushed'], ['routerstate', 'primary'], ['keepalive', '7'], ['daemonstate', 'stop']] as const) await session.create(`/nodes/hv1/${key}`, text)
  await register(session, new OwnZnodes(session, 'hv1'), config, said, first)
  const { names } = await session.children('/nodes/hv1')
  const texts = Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await session.get(`/nodes/hv1/${name}`)).data] as const)))
  const { ipmihostname, ipmiusername, ipmipassword, ...rest } = PVC_READS
  t.strictSame(texts, { ...rest, domainstate: 'flushed', routerstate: 'primary', keepalive: '7', daemonstate: 'stop' }, 'the states are written by its start')
})

t.test('the version of the layout', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const versions = async (cluster: string | null) => {
    if (cluster !== null) await session.ensurePath('/schema/version').then(async () => await session.set('/schema/version', cluster, ANY_VERSION))
    await register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'coordinator', ipmi: undefined }, said, first)
    return await Promise.all(['activeschema', 'latestschema'].map(async (key) => Number((await session.get(`/nodes/hv1/${key}`)).data)))
  }
  t.same(await versions(null), [15, 15], 'a cluster without PVC')
  t.same(await versions('0'), [0, 15])
  t.same(await versions('10'), [10, 15])
  t.same(await versions('x'), [15, 15])
  t.equal((await session.get('/schema/version')).data, 'x', 'which is left to PVC')
})

t.test('a newer layout than it knows is not written to', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/schema')
  for (const [index, version] of ['16', '999999999'].entries()) {
    if (index === 0) await session.create('/schema/version', version)
    else await session.set('/schema/version', version, ANY_VERSION)
    const registering = register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'coordinator', ipmi: undefined }, said, first)
    await t.rejects(registering, { code: 'schema_too_new', message: new RegExp(`version ${version} of PVC's layout.* versions 0 to 15`) })
    t.equal(await session.exists('/nodes'), null)
  }
})

t.test('nor one that a node uses, and a daemon that was registered before is not ended', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/nodes/hv2/activeschema')
  await session.set('/nodes/hv2/activeschema', '16', ANY_VERSION)
  const as = { node: 'hv1', mode: 'coordinator', ipmi: undefined } as const
  await t.rejects(register(session, new OwnZnodes(session, 'hv1'), as, said, first), { code: 'schema_too_new' })
  t.equal(await session.exists('/nodes/hv1'), null)
  await register(session, new OwnZnodes(session, 'hv1'), as, { ...said, returns: true }, first)
  t.equal((await session.get('/nodes/hv1/activeschema')).data, '15')
  await session.set('/nodes/hv2/activeschema', '9'.repeat(23), ANY_VERSION)
  await register(session, new OwnZnodes(session, 'hv1'), as, said, first)
})
