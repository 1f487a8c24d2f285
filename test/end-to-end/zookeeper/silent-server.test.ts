/** The server that the primary talks to falls silent without closing the connection: the primary goes to another one, and releases nothing. */
import t from 'tap'
import { silentServers } from '../../support/network/silent-servers.ts'

t.test('a follower that is stopped, and one whose link is cut', { timeout: 170_000 }, async (t) => {
  const { cluster, primary, served, strike } = await silentServers(t)
  const before = cluster.effects()

  const stopped = await served('follower')
  await strike(async () => await stopped.server.pause())
  t.same(cluster.effects(), before, 'nothing is released')
  stopped.server.resume()

  const cut = await served('follower')
  await strike(() => cut.proxy.blackHole())
  t.same(cluster.effects(), before)
  cut.proxy.heal()

  t.same(primary.log.filter((line) => line['event'] === 'demoted'), [])
  t.same(cluster.collisions(), [])
})
