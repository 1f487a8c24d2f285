/**
 * The night-time failover, told afterwards: with every daemon started again since, what an API answers says who failed, who said so and by what, which fence
 * confirmed it, and how long nobody held what. Read as a person reads it.
 */
import t from 'tap'
import { askApi } from '../../support/api-client.ts'
import { fencedCluster } from '../../support/fencing.ts'
import { eventually } from '../../support/zookeeper.ts'

const nodes = ['hv1', 'hv2', 'hv3']

interface Told { readonly at: string, readonly node: string | null, readonly event: string, readonly resource: string | null, readonly message: string }
interface Entry { readonly epoch: number, readonly from: string | null, readonly to: string | null, readonly cause: string, readonly reason: string, readonly outage_seconds: number, readonly evidence: object, readonly resources: object }

t.test('a primary that is killed at night', { timeout: 120_000 }, async (t) => {
  const began = performance.now()
  const { made, watcher, command } = await fencedCluster(t, nodes)
  const dead = await watcher.settled()
  const session = await watcher.session()
  command('fails')
  await made.nodes.get(dead.name)?.kill()
  await eventually(async () => (await session.get(`/nodes/${dead.name}/fence`).catch(() => null))?.data.includes('"attempts":1') === true)
  command('works')
  const next = await watcher.sees('another primary', (view) => view.key.value !== dead.name && view.records.some(({ to, outcome }) => to === view.key.value && outcome === 'succeeded'), 60_000)
  const taker = next.key.value

  t.comment('every daemon is started again, the one that died as well')
  for (const name of nodes.filter((each) => each !== dead.name)) {
    await made.nodes.get(name)?.stop()
    await made.startNode(name).logged((line) => line.msg === 'registered')
  }
  await made.startNode(dead.name).logged((line) => line.msg === 'registered')
  await watcher.settled(undefined, 60_000)

  const url = await made.startApi('hv1')
  const get = async <T>(path: string): Promise<T> => (await askApi<T>(`${url}/api/v1${path}`)).body
  const history = await get<readonly Entry[]>('/switchover?each')
  const failover = history.find(({ cause, from }) => cause === 'fence' && from === dead.name)
  t.ok(failover, `a failover in the history: ${history.map(({ epoch: each, cause, from }) => `${each} ${cause} ${from}`).join(', ')}`)
  const { epoch, reason, outage_seconds: outage, resources } = failover ?? {} as Entry

  t.comment(`switchover ${epoch}: ${reason}`)
  const [, judge = '', fencer = ''] = new RegExp(`^(\\w+) judged ${dead.name} dead at \\S+: its presence is gone: its session with ZooKeeper has ended\\. (\\w+) fenced ${dead.name} by command, at attempt 2, confirmed at \\S+: The fencing command confirmed it\\.$`).exec(reason) ?? []
  const survivors = nodes.filter((name) => name !== dead.name)
  t.ok(survivors.includes(judge), 'who said that it died, and on what evidence')
  t.ok(survivors.includes(fencer), 'who fenced it, by what, and that it took two attempts')
  t.match(failover, { from: dead.name, to: taker, became: taker, evidence: { node: dead.name, judged_by: judge, why: 'presence_gone', fence: { state: 'confirmed', method: 'command', attempts: 2, confirmed_by: fencer } } })
  t.ok(outage > 0 && outage < (performance.now() - began) / 1000, `for how long nobody held everything: ${outage} s`)
  t.match(resources, { address: { acquired_by: taker, acquire_seconds: Number }, service: { acquired_by: taker, acquire_seconds: Number } }, 'which resources')
  t.match(await get(`/switchover/${epoch}`), { epoch, reason, outage_seconds: outage })

  const story = await get<readonly Told[]>(`/switchover/${epoch}/timeline`)
  for (const { at, node, event, message } of story) t.comment(`${at} ${node ?? '-'} ${event}: ${message}`)
  const told = (event: string, says: RegExp) => {
    const found = story.find((entry) => entry.event === event && says.test(entry.message))
    t.ok(found, `${event}: ${String(says)}`)
    return found
  }
  t.equal(told('last_sign', /wrote its last keepalive/)?.node, dead.name)
  t.equal(told('judged', new RegExp(`^${dead.name} was judged dead: its presence is gone`))?.node, judge)
  told('fence_failed', new RegExp(`^attempt 1 to fence ${dead.name} failed: The fencing command exited with 1`))
  t.equal(told('fenced', /at attempt 2, confirmed at/)?.node, fencer)
  told('begun', new RegExp(`^From ${dead.name} to ${taker} \\(fence\\): `))
  t.equal(told('key_written', /names this node now, which has contended/)?.node, taker)
  for (const resource of ['address', 'service']) t.equal(story.find((entry) => entry.event === 'acquired' && entry.resource === resource)?.node, taker, `${resource} is acquired`)
  told('state', new RegExp(`^${taker} is primary: `))
  told('held', new RegExp(`held again, after ${outage} s`.replace('.', '\\.')))
  told('closed', /has succeeded/)
  t.strictSame(story.map(({ at }) => at), story.map(({ at }) => at).toSorted(), 'in one list, in order')

  t.comment('the nodes\' own logs go back to before the daemons were started again')
  for (const name of survivors) {
    const log = async () => (await get<{ readonly data: string }>(`/node/${name}/log?lines=1000`)).data
    // Written a second after the line.
    await eventually(async () => (await log()).split('\n').filter((line) => / pvcnoded \S+ starting/.test(line)).length === 2)
    const data = await log()
    t.match(data, /shutting down: handing over/, `${name}: how it ended is there, too`)
    if (name === fencer) t.match(data, new RegExp(`${dead.name} is fenced: The fencing command confirmed it`))
  }
  t.same(made.collisions(), [])
})
