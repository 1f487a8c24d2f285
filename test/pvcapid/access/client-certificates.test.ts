/** Client certificates instead of keys: what each allows, what is refused, and what a reload may change. */
import { once } from 'node:events'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { ClientCertificate } from '../../../src/pvcapid/config/api-config.ts'
import { subjectOf } from '../../../src/pvcapid/access/client-certificates.ts'
import type { ApiConfig } from '../../../src/pvcapid/config/api-config.ts'
import { loadApiConfig } from '../../../src/pvcapid/config/config.ts'
import { weakenings } from '../../../src/pvcapid/reload-guard.ts'
import { eventually } from '../../support/zookeeper.ts'
import { patiently } from '../../support/api-client.ts'
import { api, clusterTree, openApi, OPERATE, READ } from '../support/api.ts'
import { makeAuthority, makeCertificate, RSA, type Authority, type Certificate } from '../support/certificate.ts'

const known = (subject: string, role: 'read' | 'operate', description = subject): ClientCertificate => ({ description, role, subject: subjectOf(subject) ?? '' })

interface Answer { readonly status: number, readonly headers: IncomingHttpHeaders, readonly body: Readonly<Record<string, unknown>> }

/** One request on a connection of its own, with a client certificate or without. */
async function ask (app: FastifyInstance, path: string, from?: Certificate, options: RequestOptions = {}): Promise<Answer> {
  const { port } = app.server.address() as AddressInfo
  const shown = from === undefined ? {} : { cert: readFileSync(from.certFile), key: readFileSync(from.keyFile) }
  return await patiently(options.method ?? 'GET', async () => await new Promise<Answer>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...shown, ...options }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => { text += chunk.toString() })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) as Record<string, unknown> : {} }))
    })
    asked.once('error', reject).end()
  }))
}

const write: RequestOptions = { method: 'POST' }
const withKey = (key: string): RequestOptions => ({ headers: { 'x-api-key': key } })

interface Setting { readonly app: FastifyInstance, readonly folder: string, readonly authority: Authority, readonly tls: NonNullable<ApiConfig['tls']>, readonly lines: string[] }

async function setting (t: Test, more: Partial<NonNullable<ApiConfig['tls']>>, clientCertificates: readonly ClientCertificate[], kind?: readonly string[]): Promise<Setting> {
  const { server } = await clusterTree(t)
  const folder = t.testdir()
  const authority = makeAuthority(folder, 'authority', kind)
  const tls = { ...makeCertificate(folder, 'api'), clientCaFile: authority.certFile, ...more }
  const lines: string[] = []
  const app = await api(t, { port: server.port, authentication: true, tls, config: { clientCertificates }, logTo: lines })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, folder, authority, tls, lines }
}

t.test('a verified certificate counts as a key does, by its whole subject', async (t) => {
  const { app, folder, authority, lines } = await setting(t, {}, [known('CN=ops', 'operate', 'operators'), known('CN=watch,OU=Monitoring,O=Example', 'read')])
  const [ops, watch, nobody] = ['/CN=ops', '/O=Example/OU=Monitoring/CN=watch', '/O=Example/CN=ops'].map((subject, index) => authority.sign(`client-${index}`, subject))
  const forged = makeAuthority(folder, 'forger').sign('forged', '/CN=ops')
  const expired = authority.sign('expired', '/CN=ops', ['-days', '-1'])
  const server = authority.sign('server', '/CN=ops', ['-days', '1'], 'extendedKeyUsage=serverAuth')
  t.match(await ask(app, '/api/v1/node', ops), { status: 200 })
  t.match(await ask(app, '/api/v1/status?state=true', ops, write), { status: 200 })
  await eventually(() => lines.some((line) => /"a write was asked for"/.test(line) && /"by":"operators"/.test(line)))
  t.match(await ask(app, '/api/v1/node', watch), { status: 200 })
  t.match(await ask(app, '/api/v1/status?state=true', watch, write), { status: 403, body: { code: 'key_too_weak', detail: /certificate may only read/, outcome: 'not_started' } })
  t.match(await ask(app, '/api/v1/node', nobody), { status: 401, body: { code: 'key_missing', detail: /"CN=ops,O=Example", is not in/ } }, 'part of a subject is not it')
  for (const from of [undefined, forged, expired, server]) {
    t.match(await ask(app, '/api/v1/status?state=true', from, write), { status: 401, body: { code: 'key_missing', outcome: 'not_started' } }, `${from?.certFile ?? 'none'} is none`)
    t.match(await ask(app, '/api/v1/node', from, withKey(READ)), { status: 200 }, 'and a key does')
    t.match(await ask(app, '/health/live', from), { status: 200 }, 'what is open stays open')
  }
  for (const [from, detail] of [[forged, /does not count\. "CN=ops": it was not verified \(UNABLE_TO_\w+\)\. Show one/], [expired, /"CN=ops": it was not verified \(CERT_HAS_EXPIRED\)\./], [server, /\(INVALID_PURPOSE\)\./], [undefined, /^Send an API key in the header X-Api-Key, or connect with a client certificate/]] as const) {
    t.match(await ask(app, '/api/v1/node', from), { status: 401, body: { code: 'key_missing', detail } }, 'and why')
  }
  t.match(await ask(app, '/api/v1/status?state=true', ops, { ...write, ...withKey(READ) }), { status: 403 }, 'a key that is sent is what counts')
  t.match(await ask(app, '/api/v1/node', ops, withKey('no such key at all')), { status: 401, body: { code: 'key_unknown' } })
  t.match(await ask(app, '/api/v1/status?state=true', ops, { ...write, ...withKey('') }), { status: 401, body: { code: 'key_missing', outcome: 'not_started', detail: /X-Api-Key is empty/ } }, 'a variable that was not set')
  t.match(await ask(app, '/api/v1/status?state=true', watch, { ...write, ...withKey(OPERATE) }), { status: 200 })
  t.match(await ask(app, '/api/v1/status?state=true', ops, { ...write, headers: { origin: 'https://evil.example' } }), { status: 403, body: { code: 'cross_site' } }, 'nor may a page of another site use it')
})

t.test('a write by certificate names this API by a host that it knows, as a page of another site cannot', async (t) => {
  const { app, folder, authority } = await setting(t, {}, [known('CN=ops', 'operate')])
  const ops = authority.sign('ops', '/CN=ops')
  const from = (host: string, more: Record<string, string> = {}): RequestOptions => ({ ...write, headers: { host, ...more } })
  const url = '/api/v1/status?state=true'
  t.ok(folder)
  for (const options of [from('evil.example', { origin: 'https://evil.example' }), from('evil.example'), from('evil.example:7370', { origin: 'https://evil.example:7370', 'sec-fetch-site': 'same-origin' })]) {
    t.match(await ask(app, url, ops, options), { status: 403, body: { code: 'host_unknown', outcome: 'not_started', detail: /a write by client certificate at its own names alone.*pvc\.api\.hostnames.*send an API key/ } })
  }
  const { port } = app.server.address() as AddressInfo
  t.match(await ask(app, url, ops, from(`localhost:${port}`, { origin: `https://localhost:${port}` })), { status: 200 }, 'a page of its own')
  t.match(await ask(app, '/api/v1/node', ops, { headers: { host: 'evil.example' } }), { status: 200 }, 'a reading is none')
  t.match(await ask(app, url, ops, from('evil.example', { 'x-api-key': OPERATE })), { status: 200 }, 'a key no browser sends by itself')
  t.match(await ask(app, url, undefined, from('evil.example')), { status: 401 })
})

/** What the server has left of its connections: states of TCP by which the client is gone. */
function leftOver (port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const CLOSE_WAIT = '08'
  return readFileSync('/proc/net/tcp', 'utf8').split('\n').map((line) => line.trim().split(/\s+/)).filter(([, local, , state]) => local?.endsWith(`:${hex}`) === true && state === CLOSE_WAIT).map(([, , remote]) => remote ?? '')
}

t.test('a certificate with the name of the authority and another key is none, and its connections end', async (t) => {
  // Only a signature of RSA that is wrong leaves an error behind, and it is looked at only where no key is named.
  const { app, folder, authority } = await setting(t, {}, [known('CN=ops', 'operate')], RSA)
  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(elsewhere)
  const forged = makeAuthority(elsewhere, 'authority', RSA).sign('forged', '/CN=ops', undefined, 'extendedKeyUsage=clientAuth\nauthorityKeyIdentifier=none')
  for (let round = 0; round < 20; round++) {
    t.match(await ask(app, '/api/v1/node', forged), { status: 401, body: { code: 'key_missing' } })
    t.match(await ask(app, '/health/live', forged), { status: 200 })
  }
  t.match(await ask(app, '/api/v1/node', authority.sign('ops', '/CN=ops')), { status: 200 })
  const { port } = app.server.address() as AddressInfo
  await eventually(() => leftOver(port).length === 0)
})

t.test('a TLS that breaks ends the connection', async (t) => {
  const { app } = await setting(t, {}, [known('CN=ops', 'operate')])
  const { port } = app.server.address() as AddressInfo
  for (let round = 0; round < 5; round++) {
    const raw = connect(port, '127.0.0.1')
    const socket = connectTls({ socket: raw, rejectUnauthorized: false })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const closed = once(raw, 'close')
    // A record of application data that no key has made.
    raw.write(Buffer.from([0x17, 0x03, 0x03, 0x00, 0x20, ...Array.from({ length: 32 }, () => 7)]))
    await closed
  }
  await eventually(() => leftOver(port).length === 0)
})

t.test('where one is required, nobody is heard without', async (t) => {
  const { app, folder, authority } = await setting(t, { requireClientCertificate: true }, [known('CN=ops', 'operate')])
  t.match(await ask(app, '/api/v1/node', authority.sign('ops', '/CN=ops')), { status: 200 })
  t.match(await ask(app, '/api/v1/node', authority.sign('other', '/CN=other')), { status: 401 }, 'one without a role still needs a key')
  t.match(await ask(app, '/api/v1/node', authority.sign('another', '/CN=another'), withKey(READ)), { status: 200 })
  const forged = makeAuthority(folder, 'forger').sign('forged', '/CN=ops')
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await t.rejects(ask(app, '/health/live', undefined, { ...withKey(OPERATE), maxVersion }), `${maxVersion}, none`)
    await t.rejects(ask(app, '/health/live', forged, { ...withKey(OPERATE), maxVersion }), `${maxVersion}, forged`)
  }
})

t.test('other authorities, roles and subjects on reload, for connections and sessions that are there as well', async (t) => {
  const { app, folder, authority, tls } = await setting(t, {}, [known('CN=ops', 'operate')])
  const next = makeAuthority(folder, 'next')
  const [old, renewed] = [authority.sign('old', '/CN=ops'), next.sign('renewed', '/CN=ops')]
  t.match([await ask(app, '/api/v1/node', old), await ask(app, '/api/v1/node', renewed)], [{ status: 200 }, { status: 401 }])
  /** A connection that stays, and what it is answered. */
  const stay = async (session?: Buffer): Promise<{ readonly status: () => Promise<number>, readonly socket: TLSSocket, readonly session: () => Buffer }> => {
    const { port } = app.server.address() as AddressInfo
    let ticket: Buffer = Buffer.alloc(0)
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, cert: readFileSync(old.certFile), key: readFileSync(old.keyFile), ...session === undefined ? {} : { session } })
    t.teardown(() => socket.destroy())
    socket.on('session', (given: Buffer) => { ticket = given })
    await once(socket, 'secureConnect')
    let said = ''
    socket.on('data', (chunk: Buffer) => { said += chunk.toString() })
    const status = async (): Promise<number> => {
      said = ''
      socket.write('GET /api/v1/primary HTTP/1.1\r\nHost: localhost\r\n\r\n')
      while (!/^HTTP\/1.1 \d+[^]*\r\n\r\n\{[^]*\}$/.test(said)) await once(socket, 'data')
      return Number(said.split(' ')[1])
    }
    return { status, socket, session: () => ticket }
  }
  const kept = await stay()
  t.equal(await kept.status(), 200)
  const resumed = await stay(kept.session())
  t.ok(resumed.socket.isSessionReused(), 'a session continues')
  t.equal(await resumed.status(), 200)

  const caFile = join(folder, 'both.crt')
  writeFileSync(caFile, readFileSync(authority.certFile))
  appendFileSync(caFile, readFileSync(next.certFile))
  app.reload({ ...app.config, tls: { ...tls, clientCaFile: caFile } })
  t.match([await ask(app, '/api/v1/node', old), await ask(app, '/api/v1/node', renewed)], [{ status: 200 }, { status: 200 }], 'both')
  t.equal(await kept.status(), 200, 'a connection that was there continues')

  const wait = ask(app, '/api/v1/events', old)
  copyFileSync(next.certFile, caFile)
  app.reload({ ...app.config, tls: { ...tls, clientCaFile: caFile } })
  t.match([await ask(app, '/api/v1/node', old), await ask(app, '/api/v1/node', renewed)], [{ status: 401 }, { status: 200 }], 'the new one alone')
  t.strictSame([await kept.status(), await resumed.status()], [401, 401], 'also for connections that were there')
  t.equal(await (await stay(kept.session())).status(), 401, 'and for a session that is to continue')
  await wait

  app.reload({ ...app.config, clientCertificates: [known('CN=ops', 'read')], tls: { ...tls, clientCaFile: caFile } })
  t.match([await ask(app, '/api/v1/node', renewed), await ask(app, '/api/v1/status?state=true', renewed, write)], [{ status: 200 }, { status: 403 }], 'another role')
  app.reload({ ...app.config, clientCertificates: [known('CN=oops', 'read')], tls: { ...tls, clientCaFile: caFile } })
  t.match(await ask(app, '/api/v1/node', renewed), { status: 401 }, 'another subject')
  writeFileSync(caFile, 'nothing')
  t.throws(() => app.reload({ ...app.config, tls: { ...tls, clientCaFile: caFile } }), 'a file that cannot be used')
  t.match(await ask(app, '/api/v1/node', renewed), { status: 401 }, 'changes nothing')
})

t.test('ciphers without forward secrecy are off, and so is what is older than min_version', async (t) => {
  const folder = t.testdir()
  const rsa = makeCertificate(folder, 'rsa', ['rsa:2048'])
  for (const minVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const app = await openApi(t, { port: 1, tls: { ...rsa, minVersion } })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const old = { maxVersion: 'TLSv1.2' } as const
    const live = async (options: RequestOptions) => await ask(app, '/health/live', undefined, options)
    for (const ciphers of ['AES128-GCM-SHA256', 'AES256-SHA', 'kRSA', 'ECDHE-RSA-AES128-SHA']) await t.rejects(live({ ...old, ciphers: `${ciphers}:@SECLEVEL=0` }), ciphers)
    if (minVersion === 'TLSv1.2') t.match(await live(old), { status: 200 })
    else await t.rejects(live(old), 'TLS 1.2')
    t.match(await live({ minVersion: 'TLSv1.3' }), { status: 200 })
  }
})

t.test('subjects', async (t) => {
  t.equal(subjectOf('CN=ops,O=Example'), subjectOf('O = Example, cn = ops'))
  t.not(subjectOf('CN=ops,O=Example'), subjectOf('CN=ops'))
  t.not(subjectOf('CN=ops,O=Example'), subjectOf('CN=Ops,O=Example'))
  t.equal(subjectOf('CN=ops,O=Example\\, Inc'), subjectOf('O=Example\\, Inc,CN=ops'))
  for (const none of ['', 'ops', 'CN=', 'CN=ops,', '=ops', 'CN=ops,O', ',']) t.equal(subjectOf(none), null, none)
})

t.test('settings', async (t) => {
  const folder = t.testdir()
  const { certFile, keyFile } = makeCertificate(folder, 'api')
  const authority = makeAuthority(folder, 'authority')
  const file = join(folder, 'pvcapid.yaml')
  const load = (ssl: string, authentication: string) => {
    writeFileSync(file, `pvc:\n  coordinators: [a]\n  api:\n    authentication: {${authentication}}\n    ssl: {${ssl}}\n`)
    return loadApiConfig(file)
  }
  /** A copy in which the same text follows, cut off. */
  const cut = (whole: string): string => {
    const text = readFileSync(whole, 'utf8')
    writeFileSync(`${whole}.cut`, text + text.slice(0, -40))
    return `${whole}.cut`
  }
  const https = `enabled: true, cert_file: ${certFile}, key_file: ${keyFile}`
  const mutual = `${https}, client_ca_file: ${authority.certFile}`
  const listed = 'enabled: true, client_certificates: [{subject: "CN=ops,O=x", role: operate}]'
  const good = load(mutual, listed)
  t.match(good, { ok: true, value: { tokens: [], clientCertificates: [{ description: 'CN=ops,O=x', role: 'operate' }], tls: { clientCaFile: authority.certFile, requireClientCertificate: false } } }, 'certificates may take the place of keys')
  for (const [ssl, authentication, message] of [
    [https, listed, /could be verified: set/],
    ['', listed, /could be verified: set/],
    [`${https}, require_client_certificate: true`, '', /none could be verified/],
    [`${https}, client_ca_file: ${cut(authority.certFile)}`, '', /is cut off: 2 blocks begin in it and 1 end/],
    [`enabled: true, cert_file: ${cut(certFile)}, key_file: ${keyFile}`, '', /cert_file is cut off: 2 blocks begin/],
    [`enabled: true, cert_file: ${certFile}, key_file: ${cut(keyFile)}`, '', /key_file is cut off: 2 blocks begin/],
    [`${mutual}, require_client_certificate: maybe`, '', /true or false/i],
    [`${https}, client_ca_file: /no/such/file`, '', /does not exist/],
    [`${https}, client_ca_file: ${keyFile}`, '', /holds no certificates/],
    [`${https}, client_ca_file: ca.crt`, '', /absolute path/],
    [mutual, 'client_certificates: [{subject: ops, role: read}]', /"ops" is not the subject/],
    [mutual, 'client_certificates: [{subject: "CN=a,O=b", role: read}, {subject: "O=b, CN=a", role: operate}]', /same subject as number 1/],
    [mutual, 'client_certificates: [{subject: "CN=a", role: admin}]', /operate/],
    [mutual, 'enabled: true', /no request would be accepted/],
  ] as const) {
    const result = load(ssl, authentication)
    t.equal(result.ok, false, `${ssl} ${authentication}`)
    t.match(result.problems.map((problem) => problem.message).join('\n'), message)
  }

  const key = 'tokens: [{description: a, role: read, token: the-key-of-readers}]'
  const config = (ssl: string, authentication: string) => {
    const result = load(ssl, authentication)
    if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join())
    return { config: result.value, problems: [], isWhole: true, validity: null, authorities: new Map() }
  }
  const strong = config(`${mutual}, min_version: TLSv1.3, require_client_certificate: true`, `${listed}, ${key}`)
  t.strictSame(weakenings(strong, strong, 0), [])
  for (const [ssl, authentication, reason] of [
    [`${mutual}, require_client_certificate: true`, `${listed}, ${key}`, /TLSv1.3 is the oldest version/],
    [`${mutual}, min_version: TLSv1.3`, `${listed}, ${key}`, /required and would not be/],
    [`${https}, min_version: TLSv1.3`, `enabled: true, ${key}`, /asked for a certificate and would not be/],
    [`${mutual}, min_version: TLSv1.3, require_client_certificate: true`, `enabled: true, ${key}`, /client_certificates is empty/],
    [`${mutual}, min_version: TLSv1.3, require_client_certificate: true`, listed, /tokens is empty/],
  ] as const) {
    const weak = config(ssl, authentication)
    t.match(weakenings(strong, weak, 0).join('\n'), reason)
    t.strictSame(weakenings(weak, strong, 0), [], 'and back')
  }
})
