/** The replies of PVC's routes, shape by shape, on a tree of our own: the same comparison as `npm run replay`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { Replayer, type Case } from '../../tools/recorded-replies.ts'
import { connect, zookeeper } from '../support/zookeeper.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(join(packageFolder(), 'test', 'fixtures', name), 'utf8'))
const znodes = read('znodes.json') as Record<string, string>
const cases = read('replies.json') as Case[]

t.test('every route of PVC\'s', async (t) => {
  const server = await zookeeper(t)
  const replayer = new Replayer(znodes, await connect(t, server), server.port)
  t.teardown(async () => await replayer[Symbol.asyncDispose]())
  for (const recorded of cases) {
    const { faults } = await replayer.replay(recorded)
    t.strictSame(faults, [], recorded.case)
  }
})
