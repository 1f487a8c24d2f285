/** What the registration has written stays, whatever other programs do to it. */
import t from 'tap'
import { OwnZnodes } from '../../../src/pvcnoded/daemon/own-znodes.ts'
import { RegistrationKeeper } from '../../../src/pvcnoded/registration/registration-keeper.ts'
import { register, registeredTexts } from '../../../src/pvcnoded/registration/registration.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

const said = { facts: { cpus: 1, kernel: 'k', os: 'o', arch: 'a' }, version: '1', returns: false }
const config = { node: 'hv1', mode: 'coordinator', ipmi: { host: 'h', username: 'u', password: 'p' } } as const
const keys = ['daemonmode', 'activeschema', 'latestschema', 'staticdata', 'pvcversion', 'ipmihostname', 'ipmiusername', 'ipmipassword', 'domainstate', 'memtotal', 'runningdomains']

t.test('what was changed or deleted is there again', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await session.ensurePath('/schema/version')
  await session.set('/schema/version', '14', ANY_VERSION)
  await register(session, new OwnZnodes(session, 'hv1'), config, said, { presence: '{}', startedAt: '2026-02-03T04:05:06.789Z' })
  const told: string[] = []
  const keeper = new RegistrationKeeper({ session, node: 'hv1', texts: registeredTexts(config, said), isElsewhere: (path) => path.endsWith('/cpuload'), mayBeCollected: () => false, onOverwritten: (path) => told.push(path) })
  const all = async () => await Promise.all(keys.map(async (key) => (await session.get(`/nodes/hv1/${key}`)).data))
  const sound = await all()
  t.equal(sound[1], '14')
  await keeper.look()
  for (const key of [...keys, 'cpuload']) await session.delete(`/nodes/hv1/${key}`, ANY_VERSION)
  await keeper.look()
  t.same([await all(), told], [sound, []], 'deleted')
  t.equal(await session.exists('/nodes/hv1/cpuload'), null, 'which another part of the daemon writes')
  for (const key of ['activeschema', 'pvcversion']) await session.set(`/nodes/hv1/${key}`, '3', ANY_VERSION)
  for (const key of ['memtotal', 'runningdomains']) await session.set(`/nodes/hv1/${key}`, '77', ANY_VERSION)
  await session.set('/nodes/hv1/domainstate', 'flush', ANY_VERSION)
  await keeper.look()
  t.same(await all(), sound.map((text) => text === 'ready' ? 'flush' : text), 'overwritten; a state that others set stays')
  t.same(told.sort(), ['/nodes/hv1/activeschema', '/nodes/hv1/memtotal', '/nodes/hv1/pvcversion', '/nodes/hv1/runningdomains'])

  await session.set('/schema/version', '16', ANY_VERSION)
  await session.delete('/nodes/hv1/pvcversion', ANY_VERSION)
  await keeper.look()
  t.equal(await session.exists('/nodes/hv1/pvcversion'), null, 'nothing is written in a newer layout')
  await session.set('/schema/version', '15', ANY_VERSION)
  await keeper.stop()
  await keeper.look()
  t.equal(await session.exists('/nodes/hv1/pvcversion'), null, 'nor after it was stopped')
})

t.test('what an earlier run has left is not another program\'s', async (t) => {
  const session = await connect(t, await zookeeper(t))
  await register(session, new OwnZnodes(session, 'hv1'), config, said, { presence: '{}', startedAt: '2026-02-03T04:05:06.789Z' })
  for (const key of ['memtotal', 'memfree', 'runningdomains']) await session.set(`/nodes/hv1/${key}`, '77', ANY_VERSION)
  const told: string[] = []
  let answered = false
  let elsewhere: (path: string) => boolean = () => false
  const keeper = new RegistrationKeeper({
    session,
    node: 'hv1',
    texts: registeredTexts(config, said),
    isElsewhere: (path) => elsewhere(path),
    mayBeCollected: (key) => !answered || key === 'memtotal',
    onOverwritten: (path) => told.push(path),
  })
  const all = async () => await Promise.all(['memtotal', 'memfree', 'runningdomains'].map(async (key) => (await session.get(`/nodes/hv1/${key}`)).data))
  await keeper.look()
  t.same([await all(), told], [['77', '77', '77'], []], 'a collector that has not answered yet may have it')
  answered = true
  // One begins to write a figure while the keeper looks at it.
  let asked = 0
  elsewhere = (path) => path.endsWith('/memfree') && ++asked > 1
  await keeper.look()
  t.same([await all(), told], [['77', '77', ''], []], 'that of a collector stays, one of none is put right')
  await session.set('/nodes/hv1/runningdomains', '77', ANY_VERSION)
  await keeper.look()
  t.same([await all(), told], [['77', '77', ''], ['/nodes/hv1/runningdomains']], 'after that it is another program\'s')
})

t.test('a session that is over costs nothing', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const keeper = new RegistrationKeeper({ session, node: 'hv1', texts: registeredTexts(config, said), isElsewhere: () => false, mayBeCollected: () => false, onOverwritten: () => {} })
  await session.close()
  await keeper.look()
  t.pass('it did not reject')
})
