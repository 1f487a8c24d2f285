/**
 * `npm run replay -- FOLDER`: does this API answer as PVC's did? FOLDER has `znodes.json` (path → value) and `replies.json` (cases), recorded
 * from PVC's own API. The tree is made in a private ZooKeeper and is as recorded at the beginning of each case.
 *
 * Prints a line for each case, with the differences that are on purpose, and `N passed, N failed`; exits 1 unless all passed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/runtime/clock.ts'
import { nativeConnector } from '../src/zookeeper/client/native.ts'
import { Session } from '../src/zookeeper/session/session.ts'
import { differences, Replayer, type Case } from './recorded-replies.ts'
import { ZooKeeperServer } from './testbed/zookeeper-server.ts'

async function main (folder: string): Promise<boolean> {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const znodes = read('znodes.json') as Record<string, string>
  const cases = read('replies.json') as Case[]
  const server = await new ZooKeeperServer().start()
  const session = new Session({ connector: nativeConnector(), servers: [server.connectString], sessionTimeout: 10_000, clock: systemClock })
  let passed = 0
  try {
    await session.whenConnected()
    const replayer = new Replayer(znodes, session, server.port)
    for (const recorded of cases) {
      const { faults, tolerated } = await replayer.replay(recorded)
      if (faults.length === 0) passed += 1
      const named = [...tolerated].map((difference) => differences[difference]).join('; ')
      console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${recorded.case}${named === '' ? '' : ` (differs on purpose: ${named})`}`)
      for (const fault of faults) console.log(`         ${fault}`)
    }
    await replayer[Symbol.asyncDispose]()
  } finally {
    await session.close()
    await server.remove()
  }
  const failed = cases.length - passed
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: npm run replay -- FOLDER   (with znodes.json and replies.json in it)')
  process.exitCode = 64
} else {
  process.exitCode = await main(folder) ? 0 : 1
}
