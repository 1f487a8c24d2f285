/** A reading that many ask for: one at a time, and for nobody one that was begun before the question. */
import t from 'tap'
import { SharedReading } from '../../../src/pvcapid/services/shared-reading.ts'
import { proxy } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, settle, wish } from '../support/api.ts'

t.test('one at a time, and never older than the question', async (t) => {
  const begun: Array<{ readonly resolve: (value: number) => void, readonly reject: (error: Error) => void }> = []
  const shared = new SharedReading(async () => await new Promise<number>((resolve, reject) => { begun.push({ resolve, reject }) }))
  const first = shared.get()
  const [second, third] = [shared.get(), shared.get()]
  t.equal(begun.length, 1)
  begun[0]?.resolve(1)
  t.equal(await first, 1)
  await new Promise((resolve) => { setImmediate(resolve) })
  t.equal(begun.length, 2, 'one for both')
  const fourth = shared.get()
  begun[1]?.reject(new Error('lost'))
  await t.rejects(second, /lost/)
  await t.rejects(third, /lost/)
  await new Promise((resolve) => { setImmediate(resolve) })
  t.equal(begun.length, 3, 'and another after one that failed')
  begun[2]?.resolve(3)
  t.equal(await fourth, 3)
  t.equal(shared.isBusy, false)
})

t.test('many requests for what is not there cost ZooKeeper little more than one', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const players = settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await wish(t, app, { to: 'fig' }, '?wait=20'), { status: 200 }, 'there is an epoch')
  await players.close()
  let readings = 0
  path.onRequest = (chunk) => { readings += chunk.toString('latin1').split('/nodes/').length - 1 }
  const spent = async (work: () => Promise<unknown>): Promise<number> => {
    readings = 0
    await work()
    return readings
  }
  const toNobody = async () => t.match(await wish(t, app, { to: 'nobody' }), { status: 404 })
  const one = await spent(toNobody)
  const many = await spent(async () => await Promise.all(Array.from({ length: 50 }, toNobody)))
  t.ok(one > 0 && many < 10 * one, `${many} readings of nodes for 50, ${one} for one`)
  const unknown = await spent(async () => t.match(await ask(t, app, 'GET', '/api/v1/switchover/99'), { status: 404, body: { code: 'epoch_unknown' } }))
  t.equal(unknown, 0, 'none for an epoch that there is not')
})
