/** A change of the primary key with the raw client, operation for operation as pvcapid makes it: `node request.js SERVER ROOT NODES`. */
import { createInterface } from 'node:readline'
import { nativeZooKeeper, type NativeStat } from '../../src/zookeeper/client/native-client.ts'

const [server = '', root = '', names = ''] = process.argv.slice(2)
const client = new (nativeZooKeeper())({ connect: server, timeout: 10_000, debug_level: 0, host_order_deterministic: false, response_counter_limit: 2_147_483_647 })
type Done = (code: number, message: string, ...result: unknown[]) => void
const call = async <T>(start: (done: Done) => number): Promise<T> => await new Promise((resolve) => { start((_code, _message, ...result) => setImmediate(() => resolve(result as T))) })
const get = async (path: string, watch = false) => await call<[NativeStat]>((done) => client.a_get(root + path, watch, done))
const children = async (path: string) => await call<[string[]]>((done) => client.a_get_children2(root + path, false, done))
const [key, member] = ['/config/primary_node', ['daemonmode', 'daemonstate', 'routerstate', 'presence', 'transition']] as const
async function change (record: number): Promise<void> {
  const [lock] = await call<[string]>((done) => client.a_create(`${root}${key}/${'0'.repeat(32)}__lock__`, Buffer.from('raw'), 3, done))
  await children(key)
  await get(lock.slice(root.length), true)
  const nodes = children('/nodes').then(async () => await Promise.all(names.split(',').flatMap((name) => member.map(async (child) => await get(`/nodes/${name}/${child}`)))))
  const [[{ version }]] = await Promise.all([get(key), get('/switchovers'), children('/switchovers'), nodes])
  await Promise.all([4, 3, 2, 1].filter((back) => record > back).map(async (back) => await get(`/switchovers/${record - back}`)))
  await call((done) => client.a_create(`${root}/switchovers/${record}`, Buffer.alloc(400, 'x'), 0, done))
  await call((done) => client.a_set(root + key, Buffer.from('n0001'), version, done))
  await call((done) => client.a_delete_(lock, -1, done))
}
client.on('connect', () => console.log('{}')).init({})
let count = 0
for await (const line of createInterface({ input: process.stdin })) {
  const begun = performance.now()
  if (line === 'change') await change(++count)
  console.log(String(performance.now() - begun))
}
