/** `pvcctl show`: what a person reads of one switchover, from its record. */
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { put } from '../../src/cluster/put.ts'
import { switchoverPath } from '../../src/cluster/layout.ts'
import { closeRecord, openRecord } from '../../src/core/model/record.ts'
import { api, clusterTree, makeCluster } from '../pvcapid/support/api.ts'
import { Pvcctl } from './support/pvcctl.ts'

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`
const given = { from: 'plum', to: 'fig', cause: 'request', timeout: 60, requested_by: 'ops', reason: 'kernel' } as const
const closed = (epoch: number, force: readonly ['health', 'resources'] | null) =>
  closeRecord(openRecord(epoch, at(10), { ...given, force }), at(20), { outcome: 'succeeded' }, { progress: 1, nodes: {}, timeline: [] })

t.test('what a request overrode', async (t) => {
  const { server } = await clusterTree(t, async (session) => {
    await makeCluster(session, ['plum', 'fig'], 'fig')
    await put(session, '/switchovers', JSON.stringify({ czxid: (await session.get('/config/primary_node')).stat.czxid, base: 2 }))
    await put(session, switchoverPath(1), JSON.stringify({ ...closed(1, null), force: undefined }))
    await put(session, switchoverPath(2), JSON.stringify(closed(2, ['health', 'resources'])))
  })
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const pvcctl = new Pvcctl(t, { PVCCTL_API: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` })
  const forced = await pvcctl.run(['show', '2'])
  t.equal(forced.status, 0, forced.stderr)
  t.match(forced.stdout, /\n {2}cause {5}request, by ops: kernel\n {2}overrode {2}health, resources of fig\n {2}started /)
  t.match(forced.stdout, /begun +From plum to fig \(request, asked for by ops; overridden for its target: its health is below its min_health, or was in the last three keepalive intervals, and it lacks resources that another coordinator has\): kernel\n/)
  const plain = await pvcctl.run(['show', '1'])
  t.match([plain.status, plain.stdout], [0, /\n {2}cause {5}request, by ops: kernel\n {2}started /], 'a record that does not say')
})
