/**
 * `npm run campaign -- crowd`: what other clients notice of 1,000 patterns that are made to stall, and of 2,000 slow connections and 5,000 idle long-polls.
 * Each time the same clients poll first without, then beside it.
 */
import { connect as connectSocket, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { residentBytes, startPvcapid } from '../../support/fuzzing.ts'
import { latencies, poll } from '../../support/polling.ts'
import { RawClient } from '../../support/network/raw-client.ts'
import { eventually } from '../../support/zookeeper.ts'
import { clusterTree, READ } from '../support/api.ts'

const CLIENTS = 10
const PATTERNS = 1_000
const SLOW = Number(process.env['SLOW'] ?? 2_000)
const WAITING = Number(process.env['WAITING'] ?? 5_000)
const MEGABYTE = 2 ** 20

t.test('patterns that are made to stall', { timeout: 300_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await session.create(`/nodes/${'a'.repeat(64)}`, 'hypervisor')
  await session.create(`/nodes/${'a'.repeat(63)}b`, 'hypervisor')
  const { port } = await startPvcapid(t, server.connectString)
  await poll(port, CLIENTS, '/api/v1/node/fig', READ, delay(3_000))
  const patterns = async (limit: string): Promise<void> => {
    const client = new RawClient(port)
    for (let count = 0; count < PATTERNS; count++) {
      const reply = await client.ask(`GET /api/v1/node?limit=${encodeURIComponent(limit)} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${READ}\r\n\r\n`)
      if (reply?.status !== 200 && reply?.status !== 404) throw new Error(`${limit}: ${String(reply?.status)} ${String(reply?.body)}`)
    }
    client.close()
  }
  const control = await poll(port, CLIENTS, '/api/v1/node/fig', READ, patterns('a'))
  const beside = await poll(port, CLIENTS, '/api/v1/node/fig', READ, patterns('(a+)+$'))
  t.comment(`beside ${PATTERNS} times limit=a:      ${latencies(control)}`)
  t.comment(`beside ${PATTERNS} times limit=(a+)+$: ${latencies(beside)}`)
  t.equal(beside.failures, 0)
  t.ok(beside.p99 < control.p99 * 3 + 20, 'the others notice nothing')
})

t.test('slow connections and idle long-polls', { timeout: 300_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const { daemon, port } = await startPvcapid(t, server.connectString)
  await poll(port, CLIENTS, '/api/v1/node/fig', READ, delay(3_000))
  const control = await poll(port, CLIENTS, '/api/v1/node/fig', READ, delay(10_000))

  const waiting = Array.from({ length: WAITING }, () => new RawClient(port))
  const first = await new RawClient(port).ask(`GET /api/v1/primary HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${READ}\r\nConnection: close\r\n\r\n`)
  const request = `GET /api/v1/primary?wait=600 HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${READ}\r\nIf-None-Match: ${first?.headers.get('etag') ?? ''}\r\n\r\n`
  const replies = waiting.map(async (client) => await client.ask(request, { patience: 300_000 }))
  const figure = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())?.[1])
  await eventually(async () => await figure('pvcapid_waiters') === WAITING)

  let closedByServer = 0
  let over = false
  const slow = new Set<Socket>()
  const openSlow = (): void => {
    const socket = connectSocket(port, '127.0.0.1')
    slow.add(socket)
    socket.on('error', () => {})
    socket.resume()
    socket.on('close', () => {
      slow.delete(socket)
      closedByServer += 1
      if (!over) openSlow()
    })
    socket.write('GET /api/v1/node HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  }
  for (let count = 0; count < SLOW; count++) openSlow()
  const dripping = setInterval(() => { for (const socket of slow) socket.write('x') }, 1_000)
  t.teardown(() => clearInterval(dripping))
  await eventually(() => [...slow].every((socket) => !socket.connecting))

  const beside = await poll(port, CLIENTS, '/api/v1/node/fig', READ, delay(20_000))
  t.comment(`alone:                                             ${latencies(control)} in 10 s`)
  t.comment(`beside ${WAITING} long-polls and ${SLOW} slow connections: ${latencies(beside)} in 20 s`)
  t.comment(`${closedByServer} slow connections were ended because their headers did not come in time; resident ${(residentBytes(daemon.pid) / MEGABYTE).toFixed(0)} MB`)
  t.equal(beside.failures, 0, 'others continue')
  t.ok(beside.requests > control.requests / 2, 'at a like pace')
  t.ok(closedByServer >= SLOW, 'who is too slow is ended')

  const begun = performance.now()
  await session.set('/config/primary_node', 'fig', ANY_VERSION)
  const answered = await Promise.all(replies)
  t.comment(`all ${WAITING} long-polls were answered ${(performance.now() - begun).toFixed(0)} ms after the change`)
  t.ok(answered.every((reply) => reply?.status === 200 && reply.body.includes('"fig"')))
  over = true
  for (const socket of slow) socket.destroy()
  for (const client of waiting) client.close()
  await eventually(async () => await figure('pvcapid_waiters') === 0)
  t.ok(daemon.running)
})
