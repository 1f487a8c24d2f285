/**
 * What can happen to the one server that the primary talks to, each ROUNDS times (20 unless told): a follower stopped, its link cut, killed; the
 * leader killed. The primary stays, and nothing is released. Then the leader stopped: nothing is held past the lease, and there is one primary again.
 */
import t from 'tap'
import { silentServers } from '../../support/network/silent-servers.ts'
import { eventually } from '../../support/zookeeper.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 20)

for (const [what, kind] of [['a follower is stopped', 'stop'], ['the link to a follower is cut', 'cut'], ['a follower is killed', 'kill'], ['the leader is killed', 'kill']] as const) {
  t.test(`${what} ${ROUNDS} times`, { timeout: 60_000 + ROUNDS * 60_000 }, async (t) => {
    const { cluster, primary, served, strike, whole } = await silentServers(t)
    const before = cluster.effects()
    for (let round = 1; round <= ROUNDS; round++) {
      const { server, proxy } = await served(what.includes('leader') ? 'leader' : 'follower')
      await strike(async () => {
        if (kind === 'stop') await server.pause()
        else if (kind === 'cut') proxy.blackHole()
        else await server.kill()
      })
      t.same(cluster.effects(), before, `round ${round}: nothing is released`)
      if (kind === 'stop') server.resume()
      else if (kind === 'cut') proxy.heal()
      else await server.start()
      await whole()
    }
    t.same(primary.log.filter((line) => line['event'] === 'demoted'), [], 'the primary has never given anything up')
    t.same(cluster.collisions(), [])
  })
}

t.test('the leader is stopped', { timeout: 170_000 }, async (t) => {
  const { cluster, served, strike, whole } = await silentServers(t)
  const { server } = await served('leader')
  await strike(async () => await server.pause())
  const nodes = [...cluster.nodes.values()]
  const held = () => cluster.holder('address') !== null && cluster.holder('address') === cluster.holder('service')
  await eventually(held)
  t.ok(nodes.every(({ running }) => running))
  t.same(cluster.collisions(), [])
  server.resume()
  await whole()
})
