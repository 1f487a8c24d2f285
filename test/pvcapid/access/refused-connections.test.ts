/** Connections that are refused before a request are in the log, with the cause; one client's are summed up within a minute. */
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { RefusedConnections } from '../../../src/pvcapid/access/refused-connections.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { eventually, zookeeper } from '../../support/zookeeper.ts'
import { openApi } from '../support/api.ts'
import { makeCertificate } from '../support/certificate.ts'

interface Line { readonly level: string, readonly msg: string, readonly from?: string, readonly reason?: string, readonly code?: string, readonly count?: number }
const read = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Line)

t.test('the first of each client and reason, then their number', async (t) => {
  const lines: string[] = []
  const clock = new ManualClock()
  using refused = new RefusedConnections({ clock, log: createLogger({ name: 'pvcapid', level: 'info', clock, destination: { write: (line: string) => { lines.push(line) } } }) })
  for (let again = 0; again < 3; again++) refused.refused('address', '192.0.2.1')
  refused.refused('total', '192.0.2.1')
  refused.refused('address', '192.0.2.2')
  refused.refused('handshake', '192.0.2.3', Object.assign(new Error('no'), { code: 'ERR_SSL_NO_SHARED_CIPHER' }))
  refused.refused('handshake', '192.0.2.4', Object.assign(new Error('no'), { code: 'ERR_SSL_SOMETHING_ELSE' }))
  t.match(read(lines.splice(0)), [
    { from: '192.0.2.1', reason: 'address', msg: /pvc\.api\.limits\.connections_per_address/ },
    { from: '192.0.2.1', reason: 'total', msg: /pvc\.api\.limits\.connections allows/ },
    { from: '192.0.2.2', reason: 'address' },
    { from: '192.0.2.3', reason: 'handshake', code: 'ERR_SSL_NO_SHARED_CIPHER', msg: /no cipher that this API takes/ },
    { from: '192.0.2.4', reason: 'handshake', code: 'ERR_SSL_SOMETHING_ELSE', msg: /handshake failed$/ },
  ])
  clock.advance(60_000)
  t.match(read(lines), [{ from: '192.0.2.1', code: 'address', count: 2, msg: /more connections like this one/ }])
  t.equal(lines.length, 1, 'of those that were one nothing more is said')
})

async function listening (t: Test, options: Omit<Parameters<typeof openApi>[1], 'port' | 'logTo'>): Promise<{ readonly port: number, readonly lines: string[] }> {
  const server = await zookeeper(t)
  const lines: string[] = []
  const app = await openApi(t, { ...options, port: server.port, logTo: lines })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return { port: (app.server.address() as AddressInfo).port, lines }
}

const knock = async (t: Test, port: number, text = '') => {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

t.test('HTTP at a port for HTTPS', async (t) => {
  const { port, lines } = await listening(t, { tls: makeCertificate(t.testdir(), 'api') })
  const socket = await knock(t, port, 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'close')
  await eventually(() => read(lines).some(({ from, code, msg }) => from === '127.0.0.1' && code === 'ERR_SSL_HTTP_REQUEST' && msg.includes('https://')))
})

t.test('one connection too many', async (t) => {
  for (const [limits, reason] of [[{ connectionsPerAddress: 1 }, 'address'], [{ connections: 1 }, 'total']] as const) {
    const { port, lines } = await listening(t, { limits })
    await knock(t, port)
    await knock(t, port)
    await eventually(() => read(lines).some((line) => line.from === '127.0.0.1' && line.reason === reason && line.level === 'warn'))
  }
})
