/** A primary whose resource goes: had again if that can be done here, else the role is handed on; and everybody can see where each stands. */
import t from 'tap'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askApi } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a lost resource', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  const script = join(made.folder, 'job.sh')
  writeFileSync(script, `held=${made.folder}/job.$PVC_NODE
case $PVC_ACTION in
  acquire) [ ! -e ${made.folder}/broken.$PVC_NODE ] && echo "$PVC_EPOCH" > $held ;;
  release) rm -f $held ;;
  check) echo "$PVC_EPOCH" >> ${made.folder}/checks; [ -e $held ] ;;
esac
`)
  const command = ['sh', script]
  const coordinator = { ...quick.coordinator, resources: [{ name: 'job', type: 'command', acquire: command, release: command, check: command, check_interval: 0.3, retries: 1, release_timeout: 1 }] }
  const api = await made.startApi('hv1')
  const resources = async (node: string) => (await askApi<[{ resources: [{ name: string, state: string, error: string | null }] }]>(`${api}/api/v1/node/${node}`)).body[0].resources
  const first = made.startNode('hv1', { coordinator })
  const { epoch } = await watcher.settled('hv1')
  made.startNode('hv2', { coordinator })
  await watcher.sees('a peer', (view) => view.members.some((member) => member.name === 'hv2' && member.daemonState === 'run'))
  await eventually(() => made.notes('checks').length > 2)
  t.ok(made.notes('checks').every((line) => line === String(epoch)), 'checks know the epoch')
  await eventually(async () => (await resources('hv1'))[0].state === 'held')
  t.match(await resources('hv2'), [{ name: 'job', state: 'released', error: null }])
  t.match(await askApi(`${api}/api/v1/status`), { body: { fencing: { failover: 'manual', dead: [] } } }, 'there is no fencing agent')

  rmSync(join(made.folder, 'job.hv1'))
  await first.logged((line) => line.msg.endsWith('is acquired again'))
  t.same(made.notes('job.hv1'), [String(epoch)])
  t.equal((await watcher.settled()).epoch, epoch, 'the role stayed where it was')

  writeFileSync(join(made.folder, 'broken.hv1'), '')
  rmSync(join(made.folder, 'job.hv1'))
  const second = await watcher.settled('hv2')
  t.same(made.notes('job.hv2'), [String(second.epoch)])
  const freed = watcher.feed.view?.records.find((record) => record.cause === 'repair')
  t.match(freed, { from: 'hv1', to: null, reason: 'The acquire command of job exited with 1.', outcome: 'succeeded', continued_by: second.epoch })
  await eventually(async () => (await resources('hv2'))[0].state === 'held')
  t.match(await resources('hv1'), [{ name: 'job', state: 'released' }])
  const faults = async () => (await askApi<unknown[]>(`${api}/api/v1/faults`)).body
  await eventually(async () => (await faults()).length === 1)
  t.match(await faults(), [{ status: 'new', health_delta: 25, message: /^Node hv1 has lost a resource .*: The acquire command of job exited with 1\.$/ }])
  await eventually(async () => (await faults()).length === 0)
  t.match(await resources('hv1'), [{ name: 'job', state: 'released' }], 'over with the time for which it leaves the role to its peer')
})
