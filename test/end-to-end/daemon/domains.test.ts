/** A hypervisor: no part in the role; what is asked of its domains is done and acknowledged; the end of its log is to be read. */
import t from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askApi } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('flush and unflush, through the API', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  const script = join(made.folder, 'domains.sh')
  writeFileSync(script, `cd ${made.folder}\necho "$PVC_NODE $PVC_ACTION" >> domains\nif [ -e hang ]; then sleep 600; fi\n[ ! -e broken ]\n`)
  made.startNode('hyper', { mode: 'hypervisor', system: { domains: { flush: ['sh', script], unflush: ['sh', script] } } })
  const session = await watcher.session()
  const api = await made.startApi('hv1')
  const ask = async (node: string, state: string) => { t.match(await askApi(`${api}/api/v1/node/${node}/domain-state?state=${state}`, { method: 'POST' }), { status: 200 }) }
  const stateOf = async (node: string) => (await session.get(`/nodes/${node}/domainstate`).catch(() => null))?.data
  await watcher.sees('the hypervisor', (view) => view.members.some((member) => member.name === 'hyper' && member.daemonState === 'run' && member.coordinatorState === 'client'))

  await ask('hyper', 'flush')
  await eventually(async () => await stateOf('hyper') === 'flushed')
  await ask('hyper', 'ready')
  await eventually(async () => await stateOf('hyper') === 'ready')
  t.same(made.notes('domains'), ['hyper flush', 'hyper unflush'])

  writeFileSync(join(made.folder, 'hang'), '')
  await ask('hyper', 'flush')
  await eventually(() => made.notes('domains').length === 3)
  t.equal(await stateOf('hyper'), 'flush', 'not acknowledged before it is done')
  await ask('hyper', 'ready')
  await eventually(() => made.notes('domains').length === 4)
  t.same(made.notes('domains').slice(2), ['hyper flush', 'hyper unflush'], 'another wish ends the one in progress')
  t.equal(await made.nodes.get('hyper')?.stop(), 0, 'a command that hangs does not keep it from stopping')
  t.equal(await stateOf('hyper'), 'unflush')

  await ask('hv1', 'flush')
  await eventually(async () => await stateOf('hv1') === 'flushed')
  t.pass('without a command it is done at once')
  await eventually(async () => {
    const { body } = await askApi<{ data?: string }>(`${api}/api/v1/node/hv1/log?lines=1000`)
    return /info domains: done what was asked for/.test(body.data ?? '')
  })
})
