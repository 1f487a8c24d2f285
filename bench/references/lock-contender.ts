/** One of several that want a lock, with the locks of this project: `node lock-contender.js SERVER PATH`; a line is how often. */
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/runtime/clock.ts'
import { isNodeExists } from '../../src/zookeeper/client/errors.ts'
import { acquireLock, LockBook } from '../../src/zookeeper/locks/locks.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { ANY_VERSION, Session } from '../../src/zookeeper/session/session.ts'

const [server = '', path = ''] = process.argv.slice(2)
const session = new Session({ connector: nativeConnector(), servers: [server], sessionTimeout: 10_000, clock: systemClock })
const book = new LockBook({ clock: systemClock, uuid: () => randomUUID().replaceAll('-', ''), report: ({ error }) => { throw error } })
await session.whenConnected()
await session.ensurePath(path)
console.log('{}')
for await (const line of createInterface({ input: process.stdin })) {
  let crowded = 0
  for (let count = 0; count < Number(line); count++) {
    const handle = await acquireLock(session, path, { book, kind: 'exclusive', identifier: 'ours', timeout: 60_000 })
    try {
      await session.create(`${path}-inside`, '', { ephemeral: true })
      await session.delete(`${path}-inside`, ANY_VERSION)
    } catch (error) {
      if (!isNodeExists(error)) throw error
      crowded += 1
    }
    await handle.release()
  }
  console.log(`${line} times, ${crowded} not alone`)
}
