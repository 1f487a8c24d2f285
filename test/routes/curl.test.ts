/**
 * What `curl --fail` says of `POST /switchover?wait=…`: 0 for success only, 22 for everything else: also for a switchover that continues
 * at the end of the wait. Without `wait` 0 means that it has begun.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { api, clusterTree, OPERATE, settle } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

t.test('exit codes', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const run = async (wish: object, wait: number | null, key: string): Promise<{ readonly exit: number | null, readonly status: string }> => {
    const child = spawn('curl', ['--silent', '--fail', '--output', '/dev/null', '--write-out', '%{http_code}', '-X', 'POST', '-H', 'Content-Type: application/json', '-H', `X-Api-Key: ${key}`, '-d', JSON.stringify(wish), `${base}/api/v1/switchover${wait === null ? '' : `?wait=${wait}`}`])
    let status = ''
    child.stdout.on('data', (chunk: Buffer) => { status += chunk.toString() })
    const [exit] = await once(child, 'close') as [number | null]
    return { exit, status }
  }
  const curl = async (wish: object, key = OPERATE): Promise<number | null> => (await run(wish, 60, key)).exit
  /** What curl says of a switchover that ends so. */
  const endingAs = async (epoch: number, to: string, outcome: string): Promise<number | null> => {
    const exit = curl({ to })
    await eventually(() => app.services.view.board.get(epoch) !== null && app.services.waiting() === 1)
    const path = `/switchovers/${String(epoch).padStart(10, '0')}`
    const { data } = await session.get(path)
    await session.set(path, JSON.stringify({ ...JSON.parse(data) as object, outcome, finished_at: new Date().toISOString(), error: { code: 'acquire_failed', resource: 'address', message: 'It could not be acquired.' } }), ANY_VERSION)
    return await exit
  }
  t.equal(await endingAs(1, 'fig', 'failed'), 22, 'failed')
  await session.set('/config/primary_node', 'plum', ANY_VERSION)
  await eventually(() => app.services.view.board.primary.epoch === 2)
  t.equal(await endingAs(3, 'fig', 'timed_out'), 22, 'timed out')
  await session.set('/config/primary_node', 'plum', ANY_VERSION)
  await eventually(() => app.services.view.board.primary.epoch === 4)
  const superseded = curl({ to: 'fig' })
  await eventually(() => app.services.view.board.get(5) !== null && app.services.waiting() === 1)
  await session.set('/config/primary_node', 'plum', ANY_VERSION)
  t.equal(await superseded, 22, 'superseded')
  t.equal(await curl({ to: 'oak' }), 22, 'unknown')
  t.equal(await curl({ to: 'yew' }), 22, 'not eligible')
  t.equal(await curl({ to: 'fig', from: 'quince' }), 22, 'not as expected')
  t.equal(await curl({ to: 'fig' }, 'a-key-that-is-not-known'), 22, 'not allowed')
  const goingOn = await run({ to: 'fig' }, 0.1, OPERATE)
  t.strictSame(goingOn, { exit: 22, status: '503' }, 'it continues at the end of the wait')
  t.strictSame(await run({ to: 'fig' }, null, OPERATE), { exit: 0, status: '202' }, 'begun, for who does not wait')
  t.equal(await curl({ to: 'quince' }), 22, 'another is in flight')
  const nodes = settle(t, session, ['plum', 'fig', 'quince'])
  t.equal(await curl({ to: 'fig' }), 0, 'succeeded')
  t.equal(await curl({ to: 'fig' }), 0, 'so already')
  t.equal((await session.get('/config/primary_node')).data, 'fig')
  await nodes.close()
  const outOfSight = run({ to: 'quince' }, 4, OPERATE)
  await eventually(async () => app.services.view.board.primary.name === 'quince' && (await session.children('/config/primary_node')).names.length === 0)
  await server.pause()
  t.strictSame(await outOfSight, { exit: 22, status: '503' }, 'begun, and ZooKeeper is away at the end')
  t.equal(await curl({ to: 'plum' }), 22, 'ZooKeeper is away')
  server.resume()
})
