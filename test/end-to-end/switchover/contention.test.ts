/** Five coordinators and a key that names nobody: one wins, the others do nothing more, and no resource is ever held twice. */
import t from 'tap'
import { epochOf } from '../../../src/core/model/epoch.ts'
import { NOBODY } from '../../../src/core/model/states.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

const ROUNDS = Number(process.env['CONTENTION_ROUNDS'] ?? 20)
const nodes = ['hv1', 'hv2', 'hv3', 'hv4', 'hv5']
/** Milliseconds that a takeover may begin after the transition delay: one operation's deadline. */
const OPERATION = 5_000

t.test(`the key goes to none ${ROUNDS} times`, { timeout: 60_000 + ROUNDS * 10_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  let before = await watcher.settled()
  const winners = new Set<string>()
  for (let round = 1; round <= ROUNDS; round++) {
    const freed = await watcher.writeKeyBlindly(NOBODY)
    await watcher.sees('the key written again', (view) => view.key.version > freed)
    const won = performance.now()
    await watcher.sees('a takeover or a primary that stays', (view) => {
      const named = view.members.find((member) => member.name === view.key.value)
      return named?.coordinatorState === 'takeover' || (named?.coordinatorState === 'primary' && named.name === before.name)
    })
    t.ok(performance.now() - won < 500 + OPERATION, `round ${round}: no loser held the winner up`)
    const after = await watcher.settled()
    const { view } = watcher.feed
    t.equal(view?.key.version, freed + 1, `round ${round}: exactly one coordinator wrote its name`)
    t.equal(after.epoch, before.epoch + 2, `round ${round}: one epoch for the freed key, one for the winner`)
    t.same(view?.records.filter((record) => record.epoch > before.epoch + 1).map((record) => [record.epoch, record.cause, record.outcome, record.to]),
      [[after.epoch, 'contention', 'succeeded', after.name]], `round ${round}: one record, and it is true`)
    winners.add(after.name)
    before = after
  }
  t.same(made.collisions(), [], 'no resource was ever held by two nodes')
  t.equal(epochOf(watcher.feed.view!.key, watcher.feed.view!.ledger), before.epoch)
  t.comment(`winners: ${[...winners].sort().join(' ')}`)
  // The last winner releases the lock after it has said that it is primary.
  const session = await watcher.session()
  await eventually(async () => (await session.children('/config/primary_node')).names.every((name) => !name.includes('lock__')))
})
