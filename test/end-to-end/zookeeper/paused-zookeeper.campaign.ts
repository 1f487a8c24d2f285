/**
 * ZooKeeper stopped for 20 s in the midst of requests: no answer is false, and everything recovers by itself. A campaign (`npm run campaign -- paused`),
 * because it fails more often than not: the daemons recover, but the watcher in this very process often gets no session any more.
 */
import t from 'tap'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { PRIMARY_NODE } from '../../../src/cluster/layout.ts'

const nodes = ['hv1', 'hv2', 'hv3']
const PAUSE = 20_000
/** Milliseconds within which every request has to be answered, whatever ZooKeeper does. */
const BOUND = 10_000

interface Answer { readonly status: number, readonly epoch: number | null, readonly outcome: string | null, readonly to: string, readonly took: number }

t.test('ZooKeeper paused under switch requests', { timeout: 180_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const apis = await Promise.all(['hv1', 'hv2'].map(async (name) => await made.startApi(name)))
  await watcher.settled()
  const clients = spawn(process.execPath, [join(packageFolder(), 'test', 'end-to-end', 'fixtures', 'requesting-clients.mjs'), nodes.join(','), ...apis], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => clients.kill('SIGKILL'))
  const lines = createInterface({ input: clients.stdout })[Symbol.asyncIterator]()
  const tell = async (word: 'read' | 'stop'): Promise<unknown> => {
    clients.stdin.write(`${word}\n`)
    return JSON.parse(String((await lines.next()).value))
  }
  await watcher.sees('a switchover in progress', (view) => view.key.version > 1)
  await made.zookeeper.pause()
  // The length of the outage is what is tested, not a wait for anything.
  await delay(PAUSE)
  t.same(await tell('read'), { status: 200, stale: 'true' }, 'reads continue, and say that they are old')
  made.zookeeper.resume()
  const before = watcher.feed.view?.key.version ?? 0
  await watcher.sees('requests that are carried out again', (view) => view.key.version > before + 1, 60_000)
  const answers = await tell('stop') as Answer[]
  const last = await watcher.settled(undefined, 120_000)
  t.equal(made.holder('address'), last.name, 'one primary, and it holds the resources')
  t.same(made.collisions(), [])
  t.ok(Math.max(...answers.map((answer) => answer.took)) < BOUND, 'no request outlasted its bound')
  t.ok(answers.every((answer) => [200, 202, 409, 412, 422, 503].includes(answer.status)), `statuses: ${[...new Set(answers.map((answer) => answer.status))].sort().join(' ')}`)
  const { view } = watcher.feed
  for (const answer of answers.filter((each) => each.status < 300 && each.epoch !== null && each.outcome !== 'unknown')) {
    const record = view?.records.find((each) => each.epoch === answer.epoch)
    if (record?.to !== answer.to || record.outcome === 'not_applied') t.fail(`epoch ${answer.epoch ?? ''} to ${answer.to} was acknowledged, but is ${JSON.stringify(record)}`)
  }
  const known = new Set(answers.map((answer) => answer.epoch))
  for (const record of view?.records ?? []) {
    if (record.cause === 'request') t.ok(known.has(record.epoch) || record.outcome === 'not_applied', `epoch ${record.epoch} was asked for by somebody who was told so`)
  }
  const session = await watcher.session()
  const locks = (await session.children(PRIMARY_NODE)).names.filter((name) => name.includes('lock__'))
  t.same(locks, [], 'nobody is left in the line for the lock')
  t.comment(`${answers.length} answers: ${[...new Set(answers.map((answer) => answer.status))].map((status) => `${status} × ${answers.filter((answer) => answer.status === status).length}`).join(', ')}`)
})
