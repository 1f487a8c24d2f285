/** The ledger and the records of switchovers, overwritten by another hand: the key is numbered again beyond every number there is, and the role can be moved. */
import t from 'tap'
import { SWITCHOVERS } from '../../../src/cluster/layout.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('an overwritten ledger', { timeout: 240_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick })
  const session = await watcher.session()
  const api = await made.startApi('hv1')
  const primary = async () => (await askApi<{ readonly name: string, readonly epoch: number, readonly settled: boolean }>(`${api}/api/v1/primary`)).body
  await watcher.settled()
  let number = 77
  for (const text of ['garbage', '{}', '{"czxid":"0000000000000001","base":9007199254740991}', '']) {
    t.comment(`the ledger reads "${text}"`)
    const before = await primary()
    await session.create(`${SWITCHOVERS}/00000000${number}`, text)
    await session.set(`${SWITCHOVERS}/${String(before.epoch).padStart(10, '0')}`, text, ANY_VERSION)
    await session.set(SWITCHOVERS, text, ANY_VERSION)
    await eventually(async () => {
      const { epoch, settled } = await primary()
      const records = watcher.feed.view?.records ?? []
      // At first no record is left of the present primary, and one is made.
      return epoch === number + 1 && settled && records.length > 0 && records.every(({ outcome }) => outcome === 'succeeded')
    })
    const to = ['hv1', 'hv2', 'hv3'].find((name) => name !== before.name)
    let reply = await askForSwitchover<{ readonly epoch: number }>(api, { to })
    // The nodes may still be writing the key or its record once more.
    await eventually(async () => {
      if (reply.status === 409) reply = await askForSwitchover(api, { to })
      return reply.status !== 409
    })
    t.match(reply, { status: 202, body: { from: before.name, to } }, JSON.stringify(reply))
    t.ok(reply.body.epoch >= number + 2, 'beyond every number there is')
    t.match(await watcher.settled(to), { name: to })
    t.same(made.collisions(), [])
    number += 7
  }
})
