/** ZooKeeper comes back without its data: daemons that have seen more than it has are refused by it, and start as new by themselves. */
import t from 'tap'
import { askApi } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'

t.test('one primary again, without a restart', { timeout: 150_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick })
  const api = await made.startApi('hv1')
  await watcher.settled()
  const pids = [...made.nodes.values(), ...made.apis.values()].map(({ pid }) => pid)
  await made.zookeeper.kill()
  await made.zookeeper.wipe()
  await made.zookeeper.start()
  await watcher.settled(undefined, 60_000)
  await watcher.sees('both nodes', ({ members }) => members.length === 2 && members.every(({ daemonState, presence }) => daemonState === 'run' && presence !== null), 60_000)
  let primary: { settled?: boolean } = {}
  while (primary.settled !== true) primary = (await askApi<{ settled?: boolean }>(`${api}/api/v1/primary`)).body
  t.pass('the API shows it')
  t.same([...made.nodes.values(), ...made.apis.values()].map(({ pid, running }) => running ? pid : 0), pids, 'nobody was restarted')
  t.same(made.collisions(), [])
})
