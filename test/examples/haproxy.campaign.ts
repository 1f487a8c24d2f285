/**
 * `npm run campaign -- haproxy`: the example configuration in Debian's HAProxy, before three pvcapids of a running cluster: 20 switchovers, ZooKeeper
 * stopped, one pvcapid cut off from ZooKeeper while the role moves away from its node. Never are two servers up, and requests that are
 * answered come from the primary's. Then the examples in which any API that is ready answers: clients that wait are not cut, by HTTP and by TLS.
 */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { api, clusterTree, settle } from '../pvcapid/support/api.ts'
import { makeCertificate } from '../pvcapid/support/certificate.ts'
import { askApi, askForSwitchover } from '../support/api-client.ts'
import { cluster } from '../support/cluster.ts'
import { HAProxy, type ServerState } from '../support/network/haproxy.ts'
import { proxy } from '../support/zookeeper.ts'

const nodes = ['hv1', 'hv2', 'hv3'] as const
const SWITCHOVERS = Number(process.env['SWITCHOVERS'] ?? 20)
const CONFIGURATION = resolve('examples/haproxy/haproxy.cfg')

t.test('at most one server is up', { timeout: 900_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [...nodes] })
  const path = await proxy(t, made.zookeeper)
  const apis = await Promise.all(nodes.map(async (name) => await made.startApi(name, 0, name === 'hv1' ? [`127.0.0.1:${path.port}`] : undefined)))
  const variables = Object.fromEntries(nodes.map((name, index) => [`PVCAPID_${name.toUpperCase()}`, new URL(apis[index] ?? '').host]))
  let primary = await watcher.settled()
  const haproxy = await HAProxy.start(t, CONFIGURATION, variables)

  let counting = false
  let looks = 0
  let most = 0
  let latest: readonly ServerState[] = []
  const log: string[] = []
  const watching = new AbortController()
  const watch = async (): Promise<void> => {
    while (!watching.signal.aborted) {
      const states = await haproxy.states()
      const up = states.filter((state) => state.up).map(({ name }) => name)
      if (up.join() !== latest.filter((state) => state.up).map(({ name }) => name).join()) log.push(`${Math.round(performance.now())} ${up.join(' ')}`)
      latest = states
      // HAProxy takes every server for up before it has checked it; requests are refused meanwhile.
      if (up.length <= 1) counting = true
      if (counting) {
        looks += 1
        most = Math.max(most, up.length)
      } else {
        const { status } = await fetch(`http://127.0.0.1:${haproxy.port}/api/v1/`)
        if (status !== 503) log.push(`answered ${status} with ${up.length} up`)
      }
      await delay(20)
    }
  }
  const watched = watch()
  const upNow = (): string => latest.filter(({ up }) => up).map(({ name }) => name).join()
  const only = async (name: string | null): Promise<void> => {
    while (upNow() !== (name ?? '')) await delay(20)
  }
  const moveTo = async (target: string, by: string): Promise<void> => {
    t.match(await askForSwitchover(by, { to: target }, '?wait=60'), { status: 200 }, `to ${target}`)
  }
  await only(primary.name)
  t.equal((await fetch(`http://127.0.0.1:${haproxy.port}/api/v1/primary`)).status, 200, 'the primary serves')

  for (let round = 0; round < SWITCHOVERS; round++) {
    const target = nodes.filter((name) => name !== primary.name)[round % 2] ?? 'hv1'
    await moveTo(target, apis[1] ?? '')
    await only(target)
    primary = await watcher.settled(target)
  }
  t.comment(`${SWITCHOVERS} switchovers, at most ${most} up in ${looks} looks`)

  if (primary.name !== 'hv1') await moveTo('hv1', apis[1] ?? '')
  await only('hv1')
  path.blackHole()
  await moveTo('hv2', apis[1] ?? '')
  await only('hv2')
  t.comment(`one pvcapid cut off while its node lost the role: at most ${most} up in ${looks} looks`)
  path.heal()
  await watcher.settled('hv2')

  await made.zookeeper.stop()
  await only(null)
  t.equal((await fetch(`http://127.0.0.1:${haproxy.port}/api/v1/primary`)).status, 503, 'nobody is certain, nobody serves')
  await made.zookeeper.start()
  // Who is primary after the outage, and whether it stays so at once, is not for this test to say.
  while (upNow() !== (await watcher.settled(undefined, 120_000)).name) await delay(20)
  t.comment(`ZooKeeper stopped and started: at most ${most} up in ${looks} looks`)
  watching.abort()
  await watched
  t.equal(most, 1, 'never two')
  t.ok(looks > 100)
  t.same(log.filter((line) => line.startsWith('answered')), [], 'no request was answered before it was known who is primary')
  t.same(made.collisions(), [])
  t.comment(log.join('\n'))
})

const variablesOf = (hosts: readonly string[]): Record<string, string> => Object.fromEntries(nodes.map((name, index) => [`PVCAPID_${name.toUpperCase()}`, hosts[index] ?? '']))

/** Resolves once these servers are up, and no other. */
async function isUp (haproxy: HAProxy, names: readonly string[]): Promise<void> {
  while ((await haproxy.states()).filter(({ up }) => up).map(({ name }) => name).join() !== names.join()) await delay(20)
}

t.test('any API that is ready answers, and no client that waits is cut', { timeout: 300_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [...nodes] })
  const path = await proxy(t, made.zookeeper)
  const apis = await Promise.all(nodes.map(async (name) => await made.startApi(name, 0, name === 'hv1' ? [`127.0.0.1:${path.port}`] : undefined)))
  const { name: primary } = await watcher.settled()
  const haproxy = await HAProxy.start(t, resolve('examples/haproxy/ready.cfg'), variablesOf(apis.map((base) => new URL(base).host)))
  const base = `http://127.0.0.1:${haproxy.port}`
  const up = async (...names: readonly string[]): Promise<void> => await isUp(haproxy, names)
  await up('hv1', 'hv2', 'hv3')

  const ending = new AbortController()
  const stream = await fetch(`${base}/api/v1/events`, { signal: ending.signal })
  t.match(stream, { status: 200 })
  let events = ''
  const reading = (async () => {
    for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) events += chunk
  })().then(() => 'ended', () => 'aborted')
  let now = primary
  for (let round = 0; round < 3; round++) {
    const target = nodes.find((name) => name !== now) ?? 'hv1'
    t.match(await askForSwitchover(base, { to: target }, '?wait=60'), { status: 200, body: { outcome: 'succeeded', became: target } }, `through the proxy to ${target}`)
    now = target
  }
  const { body: { epoch } } = await askApi<{ readonly epoch: number }>(`${base}/api/v1/primary`)
  while (!events.includes(`"epoch":${epoch}`)) await delay(20)
  t.pass('one event stream has continued through three switchovers')

  path.blackHole()
  await up('hv2', 'hv3')
  for (let round = 0; round < 10; round++) t.match(await askApi(`${base}/health/ready`), { status: 200 }, 'one that is cut off is not asked')
  path.heal()
  await up('hv1', 'hv2', 'hv3')
  await made.zookeeper.stop()
  await up()
  t.equal((await fetch(`${base}/health/ready`)).status, 503, 'none is ready')
  await made.zookeeper.start()
  await up('hv1', 'hv2', 'hv3')
  ending.abort()
  t.comment(`the event stream: ${await reading}`)
})

interface Answer { readonly status: number | undefined, readonly body: string, readonly peer: string | readonly string[] | undefined }

for (const [file, peer] of [['tls.cfg', /^site$/], ['tls-passthrough.cfg', /^hv[12]$/]] as const) {
  t.test(`${file}: by TLS, to APIs that are verified`, { timeout: 120_000 }, async (t) => {
    const folder = t.testdir()
    const certificates = nodes.map((name) => makeCertificate(folder, name))
    const site = makeCertificate(folder, 'site')
    const text = (file: string): string => readFileSync(file, 'utf8')
    const [ca, pem] = [join(folder, 'ca.pem'), join(folder, 'site.pem')]
    // No authority that HAProxy knows has signed the last one.
    writeFileSync(ca, certificates.slice(0, 2).map(({ certFile }) => text(certFile)).join(''))
    writeFileSync(pem, text(site.certFile) + text(site.keyFile))
    const { server, session } = await clusterTree(t)
    settle(t, session, ['plum', 'fig', 'quince'])
    const ports: number[] = []
    for (const tls of certificates) {
      const app = await api(t, { port: server.port, tls, config: { trustedProxies: file === 'tls.cfg' ? ['127.0.0.1'] : [] } })
      await app.listen({ host: '127.0.0.1', port: 0 })
      ports.push((app.server.address() as AddressInfo).port)
    }
    const haproxy = await HAProxy.start(t, resolve('examples/haproxy', file), { ...variablesOf(ports.map((port) => `127.0.0.1:${port}`)), HAPROXY_CERTIFICATE: pem, PVC_CA: ca })
    const ask = async (method: string, path: string, body?: object): Promise<Answer> => await new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: haproxy.port, path, method, agent: false, ca: [text(ca), text(site.certFile)], headers: body === undefined ? {} : { 'content-type': 'application/json' } }, (response) => {
        const { subject } = (response.socket as TLSSocket).getPeerCertificate()
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
        once(response, 'end').then(() => resolve({ status: response.statusCode, body: text, peer: subject.CN }), reject)
      })
      asked.once('error', reject)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
    await isUp(haproxy, ['hv1', 'hv2'])
    for (let round = 0; round < 6; round++) t.match(await ask('GET', '/api/v1/primary'), { status: 200, peer })
    t.match(await ask('POST', '/api/v1/switchover?wait=60', { to: 'fig' }), { status: 200, body: /"became":"fig"/, peer })
  })
}
