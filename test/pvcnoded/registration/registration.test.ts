/** A node's znodes as PVC's daemons read them: with the version of the layout, without which they end at their start. */
import t from 'tap'
import { OwnZnodes } from '../../../src/pvcnoded/daemon/own-znodes.ts'
import { register } from '../../../src/pvcnoded/registration/registration.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

const said = { facts: { cpus: 1, kernel: 'k', os: 'o', arch: 'a' }, version: '1', returns: false }

t.test('the version of the layout', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const versions = async (cluster: string | null) => {
    if (cluster !== null) await session.ensurePath('/schema/version').then(async () => await session.set('/schema/version', cluster, ANY_VERSION))
    await register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'coordinator', ipmi: undefined }, said)
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
    const registering = register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'coordinator', ipmi: undefined }, said)
    await t.rejects(registering, { code: 'schema_too_new', message: new RegExp(`version ${version} of PVC's layout.* versions 0 to 15`) })
    t.equal(await session.exists('/nodes'), null)
  }
})

t.test('nor one that a node uses, and a daemon that was registered before is not ended', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/nodes/hv2/activeschema')
  await session.set('/nodes/hv2/activeschema', '16', ANY_VERSION)
  const as = { node: 'hv1', mode: 'coordinator', ipmi: undefined } as const
  await t.rejects(register(session, new OwnZnodes(session, 'hv1'), as, said), { code: 'schema_too_new' })
  t.equal(await session.exists('/nodes/hv1'), null)
  await register(session, new OwnZnodes(session, 'hv1'), as, { ...said, returns: true })
  t.equal((await session.get('/nodes/hv1/activeschema')).data, '15')
  await session.set('/nodes/hv2/activeschema', '9'.repeat(23), ANY_VERSION)
  await register(session, new OwnZnodes(session, 'hv1'), as, said)
})
