/** A header that is read as one value, there twice: refused as such, whatever the values are, and counted as nothing else. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { api, clusterTree, OPERATE } from '../support/api.ts'

async function send (t: Test, app: FastifyInstance, method: string, target: string, headers: readonly string[]): Promise<string> {
  const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', (chunk: Buffer) => { text += chunk.toString() })
  socket.end(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${headers.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\n`)
  await once(socket, 'close')
  return text
}

t.test('of any name and for any method', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, limits: { failedAuthentications: 1 }, config: { trustedProxies: ['127.0.0.1'] } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const key = `X-Api-Key: ${OPERATE}`
  for (const [method, target] of [['GET', '/api/v1/primary'], ['HEAD', '/api/v1/primary'], ['POST', '/api/v1/status?state=true'], ['GET', '/health/live'], ['GET', '/docs'], ['GET', '/nonsense']] as const) {
    for (const line of [key, 'If-Match: "a"', 'If-None-Match: "a"', 'If-Unmodified-Since: x', 'Last-Event-ID: 1', 'Authorization: Bearer a', 'Content-Type: application/json', 'Content-Encoding: identity', 'Origin: http://localhost', 'Sec-Fetch-Site: none', 'X-Forwarded-Prefix: /pvc', 'X-Forwarded-Host: localhost', 'X-Forwarded-Proto: http', 'Access-Control-Request-Method: POST']) {
      const name = line.split(':')[0] ?? ''
      for (const second of [line, line.replace(name, name.toUpperCase()), `${name}: `]) {
        const text = await send(t, app, method, target, [...line === key ? [] : [key], line, second])
        if (!text.startsWith('HTTP/1.1 400 ') || (method !== 'HEAD' && !new RegExp(`"code":"malformed_request"[^]*The header ${name} is there more than once`, 'i').test(text.replace(/"detail":("[^"]*")([^]*)("code":"[^"]*")/, '$3 $1')))) t.fail(`${method} ${target} ${line} ${second}: ${text.slice(0, 400)}`)
      }
    }
  }
  t.match(await send(t, app, 'GET', '/api/v1/primary', [key, 'X-Forwarded-For: 10.0.0.1', 'X-Forwarded-For: 10.0.0.2', 'X-Request-Id: a', 'X-Request-Id: b', 'Accept: a', 'Accept: b', 'If-None-Match: "a", "b"']), /^HTTP\/1\.1 200 /, 'lists may be in several lines')
  t.match(await send(t, app, 'GET', '/api/v1/primary', ['X-Api-Key: no such key']), /^HTTP\/1\.1 401 /, 'none was counted as a wrong key')
})
