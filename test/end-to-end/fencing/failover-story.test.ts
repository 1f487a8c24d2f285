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

t.test('one that a request ends, because no node takes over by itself', { timeout: 120_000 }, async (t) => {
  const { made, watcher, command } = await fencedCluster(t, ['hv1'])
  const dead = await watcher.settled('hv1')
  for (const name of ['hv2', 'hv3']) await made.startNode(name, { candidate: { priority: 0 } }).logged((line) => line.msg === 'registered')
  const url = await made.startApi('hv2')
  const call = async (path: string, body?: object) => {
    const response = await fetch(`${url}/api/v1${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return { status: response.status, body: await response.json() }
  }
  await watcher.sees('both are there', ({ members }) => members.filter(({ daemonState, coordinatorState }) => daemonState === 'run' && coordinatorState === 'secondary').length === 2)
  command('fails')
  await made.nodes.get('hv1')?.kill()
  const session = await watcher.session()
  await eventually(async () => (await session.get('/nodes/hv1/fence').catch(() => null))?.data.includes('"state":"unconfirmed"') === true)
  const sign = new Date((await session.get('/nodes/hv1/keepalive')).stat.mtime).toISOString()
  made.takeFrom('hv1')
  t.match(await call('/node/hv1/fence-confirmation', { confirm: 'hv1' }), { status: 200 })
  await watcher.sees('it is fenced', ({ members }) => members.some(({ name, daemonState, coordinatorState }) => name === 'hv1' && daemonState === 'fenced' && coordinatorState === 'secondary'))
  // The fence record is written behind the state.
  await eventually(async () => {
    const { conditions } = (await call('/status')).body as { readonly conditions: ReadonlyArray<{ readonly code: string, readonly message: string }> }
    return conditions.some(({ code, message }) => code === 'node_fenced' && /^hv1 was fenced: an operator has confirmed that it is down, after \d+ attempts? to fence it\.$/.test(message))
  })
  t.equal(watcher.feed.view?.key.value, 'hv1', 'no node takes over by itself')

  const planned = await call('/switchover', { to: 'hv3', reason: 'hv2 is to be replaced', dry_run: true })
  t.match(planned, { status: 202, body: { from: 'hv1', evidence: { node: 'hv1', fence: { method: 'operator' } } } }, 'a dry run says what the record would')
  t.match(await call('/switchover', { to: 'hv3', reason: 'hv2 is to be replaced' }), { status: 202 })
  const { epoch } = await watcher.settled('hv3')
  const told = (await call(`/switchover/${epoch}?consistent`)).body as Entry
  t.match(told, { from: 'hv1', to: 'hv3', became: 'hv3', cause: 'request', reason: 'hv2 is to be replaced', last_held_at: sign, evidence: { node: 'hv1', daemon_state: 'fenced', judged_by: /^hv[23]$/, why: 'presence_gone', last_sign_at: sign, fence: { state: 'confirmed', method: 'operator', confirmed_at: String } } })
  t.ok(told.outage_seconds > 0, `for how long nobody held everything: ${told.outage_seconds} s`)
  t.ok(epoch > dead.epoch)
  const story = (await call(`/switchover/${epoch}/timeline?consistent`)).body as readonly Told[]
  const one = (event: string) => story.find((entry) => entry.event === event)
  t.match(one('last_sign'), { node: 'hv1', at: sign })
  t.match(one('judged'), { node: /^hv[23]$/, message: /its presence is gone/ })
  t.match(one('confirmed'), { node: null, message: /^An operator confirmed at \S+ that hv1 is down, after/ })
  t.match(one('begun'), { message: 'From hv1 to hv3 (request): hv2 is to be replaced' })
  t.match(one('held'), { node: 'hv3', message: new RegExp(`held again, after ${told.outage_seconds} s`.replace('.', '\\.')) })
  t.same(made.collisions(), [])
})
