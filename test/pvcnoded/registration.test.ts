/** A node's znodes as PVC's daemons read them: with the version of the layout, without which they end at their start. */
import t from 'tap'
import { OwnZnodes } from '../../src/pvcnoded/daemon/own-znodes.ts'
import { register } from '../../src/pvcnoded/daemon/registration.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../support/zookeeper.ts'

t.test('the version of the layout', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const versions = async (cluster: string | null) => {
    if (cluster !== null) await session.ensurePath('/schema/version').then(async () => await session.set('/schema/version', cluster, ANY_VERSION))
    await register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'coordinator', ipmi: undefined }, { cpus: 1, kernel: 'k', os: 'o', arch: 'a' }, '1')
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
    const registering = register(session, new OwnZnodes(session, 'hv1'), { node: 'hv1', mode: 'coordinator', ipmi: undefined }, { cpus: 1, kernel: 'k', os: 'o', arch: 'a' }, '1')
    await t.rejects(registering, { code: 'schema_too_new', message: new RegExp(`version ${version} of PVC's layout .* versions 0 to 15`) })
    t.equal(await session.exists('/nodes'), null)
  }
})
