/** Ids of requests that come without one: each is given once, in this process and in others, and can be used in a header and a log line. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { requestIds } from '../../../src/pvcapid/request/request-id.ts'

t.test('two processes give two hundred ids', async (t) => {
  const uuid = () => randomUUID().replaceAll('-', '')
  const processes = [requestIds(uuid), requestIds(uuid)]
  const given = processes.flatMap((next) => Array.from({ length: 100 }, next))
  t.equal(new Set(given).size, 200)
  for (const id of given) t.match(id, /^[\w.-]{1,64}$/)
})
