/**
 * The version of PVC's layout is raised under running daemons that do not know it: the primary keeps its role, no other node takes over, is judged or fenced,
 * and a daemon that lost its session comes back. One that starts is refused. In a layout that they know everything continues.
 */
import t from 'tap'
import { nodePath, SCHEMA_VERSION } from '../../../src/cluster/layout.ts'
import { isPresent } from '../../../src/core/model/member.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { fencedCluster } from '../../support/fencing.ts'

t.test('a layout that is raised under it', { timeout: 180_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, ['hv1', 'hv2'], { resourceSettings: () => ({ check_interval: 0.5 }) })
  const session = await watcher.session()
  const { name: primary } = await watcher.settled()
  const other = primary === 'hv1' ? 'hv2' : 'hv1'
  const member = (name: string) => watcher.feed.view?.members.find((each) => each.name === name)
  const logged = (name: string, text: string) => made.nodes.get(name)?.log.filter(({ msg }) => msg.includes(text)).length ?? 0
  const effects = made.effects().length
  await session.ensurePath(SCHEMA_VERSION)
  await session.set(SCHEMA_VERSION, '16', ANY_VERSION)
  await watcher.sees('a secondary that is not eligible', () => member(other)?.presence?.readiness?.unready.some(({ resource, message }) => resource === 'layout' && message.includes('version 16')) === true)

  await t.test('a key that names the secondary is given back before anything is released', async (t) => {
    await watcher.writeKeyBlindly(other)
    await watcher.settled(primary)
    t.equal(made.effects().length, effects, 'the primary has released nothing')
  })

  await t.test('a node that starts is refused, and writes nothing', async (t) => {
    const late = made.startNode('hv3')
    t.equal(await late.exited(), 78)
    t.match(late.log.at(-1), { code: 'schema_too_new', msg: /version 16 of PVC's layout/ })
    t.equal(await session.exists(nodePath('hv3')), null)
  })

  await t.test('a silent node is not judged, and comes back on another session', async (t) => {
    const daemon = made.nodes.get(other)
    const before = member(other)?.presence?.owner
    daemon?.signal('SIGSTOP')
    await watcher.sees('its presence gone', () => member(other)?.presence === null)
    await made.nodes.get(primary)?.logged(({ msg }) => msg.includes('no node is judged or fenced'))
    t.equal(member(other)?.daemonState, 'run')
    daemon?.signal('SIGCONT')
    await watcher.sees('another presence', () => member(other)?.presence != null && member(other)?.presence?.owner !== before && member(other)?.daemonState === 'run')
    await daemon?.logged(() => logged(other, 'registered') === 2)
    t.equal(daemon?.running, true)
    t.equal(logged(primary, `${other} is dead`), 0)
  })

  await t.test('a dead primary is fenced and followed once the layout is known', async (t) => {
    const daemon = made.nodes.get(other)
    const before = logged(other, 'no node is judged or fenced')
    await made.nodes.get(primary)?.kill()
    await daemon?.logged(() => logged(other, 'no node is judged or fenced') > before)
    t.notOk(isPresent(member(primary) ?? (() => { throw new Error('no such node') })()))
    t.strictSame([fences(), member(primary)?.daemonState, member(other)?.coordinatorState], [[], 'run', 'secondary'])
    await session.set(SCHEMA_VERSION, '15', ANY_VERSION)
    await watcher.settled(other)
    t.equal(fences().length, 1)
    const said = daemon?.log.map(({ msg }) => msg) ?? []
    const [known, judged] = ['nodes are fenced again', `${primary} is dead`].map((text) => said.findIndex((msg) => msg.includes(text)))
    t.ok((known ?? -1) >= 0 && (judged ?? -1) > (known ?? -1), 'it was judged after that, not before')
  })
  t.strictSame(made.collisions(), [])
})
