/** A body where a route takes none is refused at every route there is, before anything is done; one of no bytes is none, whatever its type. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { RawClient } from '../support/network/raw-client.ts'
import { api, clusterTree, everything } from '../pvcapid/support/api.ts'
import { routesOf } from '../pvcapid/support/routes.ts'

const described = JSON.parse(readFileSync(join(packageFolder(), 'openapi', 'openapi.json'), 'utf8')) as { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: object }>>>> }
const pathOf = (url: string) => url.replace('/node/fig', '/node/{node}').replace('/switchover/1', '/switchover/{epoch}').replace('/faults/one', '/faults/{id}').replace(/(?<=.)\/$/, '')
const takesBody = (method: string, url: string): boolean => described.paths[pathOf(url)]?.[method.toLowerCase()]?.requestBody !== undefined
/** Filters may come in a form. */
const FORMS = ['/api/v1/node', '/api/v1/faults', '/api/v1/node/fig/log']

t.test('every route and method', { timeout: 280_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await session.ensurePath('/faults/one/status')
  await session.ensurePath('/faults/two/status')
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const client = new RawClient((app.server.address() as AddressInfo).port)
  t.teardown(() => client.close())
  const send = async (method: string, url: string, headers: readonly string[], body: string) => {
    const reply = await client.ask(`${method} ${url} HTTP/1.1\r\nHost: localhost\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`, { isHead: method === 'HEAD' })
    return { status: reply?.status, body: reply?.headers.get('content-type')?.includes('json') === true && reply.body !== '' ? JSON.parse(reply.body) as Record<string, unknown> : {} }
  }
  const routes = routesOf(app).filter(([method, url]) => !takesBody(method, url))
  t.ok(routes.length > 45, `${routes.length} routes`)
  const before = await everything(session)
  for (const [method, url] of routes) {
    for (const [type, text] of [['application/json', '{"id":"one"}'], ['text/plain', 'one'], ['application/x-www-form-urlencoded', 'id=one'], ['', 'one']] as const) {
      const headers = type === '' ? [] : [`Content-Type: ${type}`]
      for (const [coding, body] of [[`Content-Length: ${text.length}`, text], ['Transfer-Encoding: chunked', `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`]] as const) {
        const found = await send(method, url, [...headers, coding], body)
        const what = `${method} ${url} ${type} ${coding}`
        if (url.startsWith('/health/')) t.equal(found.status, 200, what)
        // The form names no filter of these.
        else if (type.includes('form') && method !== 'PUT' && method !== 'DELETE' && FORMS.includes(url)) t.equal(found.status, 400, what)
        else if (method === 'HEAD') t.equal(found.status, 400, what)
        else t.match(found, { status: 400, body: { code: 'body_not_taken', detail: /takes no body.*; it takes (?:no parameters|\w+).*Nothing was done/ } }, what)
        if (method === 'PUT' || method === 'DELETE') t.equal(found.body['outcome'], 'not_started', what)
      }
    }
  }
  t.strictSame(await everything(session), before, 'nothing was changed')
  t.match(await send('DELETE', '/api/v1/faults', ['Content-Length: 3'], 'one'), { body: { detail: /^DELETE \/api\/v1\/faults \(Delete every fault\) takes no body; it takes no parameters\./ } })
})

t.test('a body of no bytes is none', { timeout: 280_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await session.ensurePath('/faults/one/status')
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const client = new RawClient((app.server.address() as AddressInfo).port)
  t.teardown(() => client.close())
  const status = async (method: string, url: string, headers: readonly string[], body = '') =>
    (await client.ask(`${method} ${url} HTTP/1.1\r\nHost: localhost\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`, { isHead: method === 'HEAD', isEndless: url.endsWith('/events') }))?.status
  for (const [method, url] of routesOf(app).filter(([method, url]) => !takesBody(method, url))) {
    // Deleting it again is another thing.
    if (method === 'DELETE' && url.endsWith('/one')) continue
    const without = await status(method, url, [])
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json; charset=utf-8']) {
      t.equal(await status(method, url, [`Content-Type: ${type}`, 'Content-Length: 0']), without, `${method} ${url} ${type}`)
      t.equal(await status(method, url, [`Content-Type: ${type}`, 'Transfer-Encoding: chunked'], '0\r\n\r\n'), without, `${method} ${url} ${type}, chunked`)
    }
    t.equal(await status(method, url, ['Transfer-Encoding: chunked'], '0\r\n\r\n'), without, `${method} ${url}, chunked`)
  }
})
