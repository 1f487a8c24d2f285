/** Contact that is lost while a fault is raised: the caller gets the error, and no rejection stays unhandled, which would end the daemon. */
import t from 'tap'
import { raiseFault } from '../../src/cluster/fault-writer.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import type { Session } from '../../src/zookeeper/session/session.ts'

const turn = () => new Promise<void>((resolve) => { setImmediate(resolve) })

/** A session whose creations fail one after the other, each in a turn of its own, as the replies of a client come. */
function failing (code: 'connection_loss' | 'no_auth'): Session {
  let turns = 0
  return {
    ensurePath: async () => {},
    create: async (path: string) => {
      for (let left = turns += 1; left > 0; left--) await turn()
      throw new ZooKeeperError(code, { op: 'create', path })
    },
  } as unknown as Session
}

t.test('the caller gets the error of a failed creation, and handles all of them', async (t) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => { unhandled.push(reason) }
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  for (const code of ['connection_loss', 'no_auth'] as const) await t.rejects(raiseFault(failing(code), { kind: 'node_dead', node: 'hv1' }, '2026-02-03T04:05:06.789Z'), { code })
  await turn()
  t.strictSame(unhandled, [])
})
