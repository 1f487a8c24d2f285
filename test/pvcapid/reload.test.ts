/** SIGHUP with every kind of broken or weakened file: nothing changes, and the log says why. */
import { execFileSync, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect as connectTcp } from 'node:net'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { asUser, packageFolder } from '../../tools/testbed/daemon-process.ts'
import { loadApiConfig } from '../../src/pvcapid/config/config.ts'
import { RawClient } from '../support/network/raw-client.ts'
import { makeAuthority, makeCertificate, type Certificate } from './support/certificate.ts'

const KEY = 'the-key-of-operators'

interface Line { readonly level: string, readonly msg: string, readonly reasons?: readonly string[], readonly problems?: readonly string[] }

/** A pvcapid that is told to read its file again. */
function start (t: Test, folder: string, text: string) {
  const file = join(folder, 'pvcapid.yaml')
  writeFileSync(file, text)
  const [program, ...words] = asUser([process.execPath, join(packageFolder(), 'dist', 'src', 'pvcapid', 'main.js'), '--config', file])
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let take: (line: Line) => void = () => {}
  const reader = createInterface({ input: child.stdout }).on('line', (line) => take(JSON.parse(line) as Line))
  const warned = async (wanted: RegExp): Promise<Line> => await new Promise((resolve) => {
    reader.on('line', (text) => {
      const line = JSON.parse(text) as Line
      if (line.level === 'warn' && wanted.test(line.msg)) resolve(line)
    })
  })
  const said = async (wanted: (line: Line) => boolean): Promise<Line> => await new Promise((resolve) => {
    take = (line) => { if (wanted(line)) resolve(line) }
  })
  const ready = said(({ msg }) => msg === 'ready') as Promise<Line & { readonly port: number }>
  const reload = async (content: string | (() => void)): Promise<Line> => {
    if (typeof content === 'string') writeFileSync(file, content)
    else content()
    const answer = said(({ msg }) => /everything stays as it is|was read again/.test(msg))
    child.kill('SIGHUP')
    return await answer
  }
  return { file, ready, reload, warned }
}

async function status (port: number, key?: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/api/v1/node', rejectUnauthorized: false, ...key === undefined ? {} : { headers: { 'x-api-key': key } } }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode))
    }).once('error', reject).end()
  })
}

/** Every place in a document, as a path. */
function placesIn (value: unknown, at: ReadonlyArray<string | number> = []): ReadonlyArray<ReadonlyArray<string | number>> {
  if (typeof value !== 'object' || value === null) return [at]
  return [...at.length === 0 ? [] : [at], ...(Array.isArray(value) ? value.map((entry, index) => placesIn(entry, [...at, index])) : Object.entries(value).map(([name, entry]) => placesIn(entry, [...at, name]))).flat()]
}

/** A copy of `document` with what is at `path` replaced, or left out for undefined. */
function changed (document: unknown, path: ReadonlyArray<string | number>, value: unknown): unknown {
  const copy = structuredClone(document)
  let parent = copy as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>
  const last = path.at(-1) ?? ''
  if (value !== undefined) parent[last] = value
  else if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else delete parent[last]
  return copy
}

t.test('generated files', { timeout: 280_000 }, async (t) => {
  const folder = t.testdir()
  const { certFile, keyFile } = makeCertificate(folder, 'api')
  const whole = `pvc:
  node: hv1
  coordinators: ["127.0.0.1:1"]
  zookeeper:
    session_timeout: 5
  log_level: info
  api:
    listen_port: 0
    trusted_proxies: [10.0.0.1]
    hostnames: [pvc.example.com]
    limits:
      writes: 50
    authentication:
      enabled: true
      tokens:
        - description: monitoring
          role: read
          token_sha256: ${'a'.repeat(64)}
        - role: operate
          description: operators
          token: ${KEY}
    ssl:
      enabled: true
      cert_file: ${certFile}
      key_file: ${keyFile}
`
  const { file, ready, reload } = start(t, folder, whole)
  const { port } = await ready
  t.strictSame([await status(port), await status(port, KEY)], [401, 503])
  const document: unknown = parse(whole)
  const files = new Map<string, string>()
  // At every end of a line, and at every third byte.
  for (let length = 0; length < whole.length; length++) if (length % 3 === 0 || whole[length - 1] === '\n') files.set(`cut after ${length} bytes`, whole.slice(0, length))
  const lines = whole.trimEnd().split('\n')
  for (const [index, line] of lines.entries()) files.set(`without line ${index + 1}: ${line.trim()}`, `${lines.toSpliced(index, 1).join('\n')}\n`)
  for (const path of placesIn(document)) {
    files.set(`without ${path.join('.')}`, stringify(changed(document, path, undefined)))
    for (const value of [null, '', 0, 1, true, false, 'text', [], {}, [null], { a: 1 }]) files.set(`${path.join('.')}: ${JSON.stringify(value)}`, stringify(changed(document, path, value)))
  }
  for (const text of ['', '\n', '{', '[]', 'pvc', '\0', 'pvc: {coordinators: [a]}\n', '---\n---\n', 'pvc: &a {b: *a}\n', '\ufffe']) files.set(`the text ${JSON.stringify(text)}`, text)
  let refused = 0
  let taken = 0
  for (const [what, text] of files) {
    const { level, msg, reasons = [], problems = [] } = await reload(text)
    if (level === 'error') {
      refused++
      if (reasons.length + problems.length === 0) t.fail(`${what}: refused without a reason (${msg})`)
      const found = [await status(port), await status(port, KEY)]
      if (found.join() !== '401,503') t.fail(`${what}: refused, and yet ${found.join()}`)
      continue
    }
    taken++
    const result = loadApiConfig(file)
    const isSound = result.ok && result.value.tokens !== undefined && result.value.tls !== undefined && text.endsWith('\n')
    if (!isSound) t.fail(`${what}: taken over`)
    if (await status(port) !== 401) t.fail(`${what}: open to everybody`)
    t.equal((await reload(whole)).level, 'info', `${what}: and back`)
  }
  t.comment(`${files.size} files: ${refused} refused, ${taken} taken over`)
  t.ok(refused > 600 && taken > 10, `${refused} refused, ${taken} taken over`)
  t.strictSame([await status(port), await status(port, KEY)], [401, 503], 'as at the start')
})

t.test('the log does not stop saying who asked for what', async (t) => {
  const text = (level: string) => `pvc: {coordinators: ["127.0.0.1:1"], log_level: ${level}, api: {listen_port: 0, authentication: {enabled: false}}}\n`
  const { ready, reload } = start(t, t.testdir(), text('info'))
  await ready
  for (const level of ['warn', 'error', 'fatal', 'silent']) t.match(await reload(text(level)), { level: 'error', msg: /everything stays as it is/, reasons: [new RegExp(`pvc\\.log_level is ${level} in the file`)] }, level)
  for (const level of ['debug', 'trace', 'info']) t.match(await reload(text(level)), { level: 'info', msg: /was read again/ }, level)
})

t.test('a file that is none holds nobody up', async (t) => {
  const folder = t.testdir()
  const { file, ready, reload } = start(t, folder, 'pvc: {coordinators: ["127.0.0.1:1"], api: {listen_port: 0, authentication: {enabled: false}}}\n')
  await ready
  const replaced = (make: () => void) => () => {
    rmSync(file)
    make()
  }
  t.match(await reload(replaced(() => execFileSync('mkfifo', [file]))), { level: 'error', problems: [/is a named pipe/] })
  t.match(await reload(replaced(() => symlinkSync('/dev/zero', file))), { level: 'error', problems: [/is a device/] })
  t.match(await reload(replaced(() => {
    writeFileSync(file, '')
    truncateSync(file, 3_000_000_000)
  })), { level: 'error', problems: [/is larger than/] })
})

t.test('what each refusal says, and what a reload may do', async (t) => {
  const text = (authentication: string, more = '') => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: ${authentication}\n${more}`
  const { ready, reload } = start(t, t.testdir(), text('{enabled: false}'))
  await ready
  const on = text(`{enabled: true, tokens: [{description: a, role: operate, token: ${KEY}}]}`)
  t.match(await reload(on), { level: 'info' }, 'authentication may continue')
  t.match(await reload(text('{enabled: false}')), { level: 'error', reasons: [/Authentication is on and would go off/] }, 'and then not off, whatever it was at the start')
  t.match(await reload(text('{}')), { level: 'error', reasons: [/Authentication is on/] })
  t.match(await reload(text('{enabled: true, tokens: []}')), { level: 'error', problems: [/tokens is empty/] })
  t.match(await reload(on.trimEnd()), { level: 'error', reasons: [/seems to be cut/] })
  t.match(await reload(text('{enabled: true, tokens: [{description: a, role: operate, token: the-key-of-o}]}')), { level: 'error', reasons: [/12 characters can be guessed/] })
  t.match(await reload(text('{enabled: true, tokens: [{description: b, role: read, token: the-key-of-readers}]}')), { level: 'info' }, 'other keys')
  t.match(await reload(text(`{enabled: true, tokens: [{description: b, role: read, token: ${KEY}}]}`, '    hostnames: [evil.example]\n    allowed_origins: ["http://evil.example"]\n    trusted_proxies: [10.0.0.0/8]\n')), { level: 'info' }, 'the rest waits')
})

t.test('a certificate that clients refuse, over one that they accept', async (t) => {
  const folder = t.testdir()
  const authority = makeAuthority(folder, 'ca')
  const sign = (name: string, validity: readonly string[]) => authority.sign(name, '/CN=api', validity, 'subjectAltName=IP:127.0.0.1')
  const [good, other, expired] = [sign('good', ['-days', '30']), sign('other', ['-days', '60']), sign('expired', ['-days', '-1'])]
  const text = ({ certFile, keyFile }: Pick<Certificate, 'certFile' | 'keyFile'>) => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: {enabled: false}\n    ssl: {enabled: true, cert_file: ${certFile}, key_file: ${keyFile}}\n`
  const { ready, reload } = start(t, folder, text(good))
  const { port } = await ready
  const served = async () => await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none')
      socket.destroy()
    }).once('error', reject)
  })
  const fingerprint = ({ certFile }: Pick<Certificate, 'certFile'>) => new X509Certificate(readFileSync(certFile)).fingerprint256
  t.match(await reload(text(expired)), { level: 'error', reasons: [/expired at .*: clients refuse it/] })
  t.equal(await served(), fingerprint(good))
  t.comment('written over the file that is in use')
  t.match(await reload(() => {
    copyFileSync(expired.certFile, good.certFile)
    copyFileSync(expired.keyFile, good.keyFile)
  }), { level: 'error', reasons: [/expired at/] })
  t.match(await reload(text(other)), { level: 'info', msg: /read again: certificate of "CN=api", until \d{4}-\d\d-\d\dT\S+Z$/ }, 'the log names it')
  t.equal(await served(), fingerprint(other))
})

t.test('a key that may do more than before is named', async (t) => {
  const text = (role: string, others = 'operate') => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: {enabled: true, tokens: [{description: a, role: ${others}, token: another-key-of-operators}, {description: b, role: ${role}, token: ${KEY}}]}\n`
  const { ready, reload, warned } = start(t, t.testdir(), text('read'))
  await ready
  const wider = warned(/may operate from now on/)
  t.match(await reload(text('operate')), { level: 'info' })
  t.match(await wider, { level: 'warn', keys: ['pvc.api.authentication.tokens[1]'] })
  t.match(await reload(text('read')), { level: 'info' }, 'and less')
  const last = warned(/no key may operate any more/)
  t.match(await reload(text('read', 'read')), { level: 'info' })
  t.match(await last, { level: 'warn' })
})

t.test('a connection that was let in by a key is let in no longer once that key is gone', async (t) => {
  const text = (...tokens: readonly string[]) => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: {enabled: true, tokens: [${tokens.join(', ')}]}\n`
  const token = (key: string, role = 'read') => `{description: ${role}, role: ${role}, token: ${key}}`
  const { ready, reload } = start(t, t.testdir(), text(token(KEY), token('another-key-of-operators', 'operate')))
  const client = new RawClient((await ready).port)
  t.teardown(() => client.close())
  const ask = async (key: string) => (await client.ask(`GET /api/v1/node HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${key}\r\n\r\n`))?.status
  t.not(await ask(KEY), 401)
  t.not(await ask(KEY), 401)
  t.equal(await ask(`${KEY}s`), 401)
  t.not(await ask('another-key-of-operators'), 401)
  t.not(await ask(KEY), 401, 'the last that was found good')
  t.match(await reload(text(token('another-key-of-operators', 'operate'))), { level: 'info' })
  t.equal(await ask(KEY), 401)
  t.not(await ask('another-key-of-operators'), 401)
})

t.test('a write whose body comes after its key was revoked, or may only read any more, is not carried out', async (t) => {
  const text = (role: string | null) => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: {enabled: true, tokens: [{description: a, role: operate, token: another-key-of-operators}${role === null ? '' : `, {description: b, role: ${role}, token: ${KEY}}`}]}\n`
  const { ready, reload } = start(t, t.testdir(), text('operate'))
  const { port } = await ready
  for (const [role, expected] of [[null, 401], ['read', 403]] as const) {
    t.match(await reload(text('operate')), { level: 'info' })
    const form = 'application/x-www-form-urlencoded'
    const bodies = [
      ['/api/v1/status', form, 'state=true'], ['/api/v1/node/hv1/coordinator-state', form, 'state=primary'], ['/api/v1/node/hv1/domain-state', form, 'state=flush'],
      ['/api/v1/switchover', 'application/json', '{"to":"hv1"}'], ['/api/v1/node/hv1/fence-confirmation', 'application/json', '{"confirm":"hv1"}'],
    ] as const
    const writes = bodies.map(([path, type, body]) => {
      const socket = connectTcp(port, '127.0.0.1')
      t.teardown(() => { socket.destroy() })
      const reply = new Promise<number>((resolve) => { socket.on('data', (data) => resolve(Number(data.toString().split(' ')[1]))) })
      socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${KEY}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 2)}`)
      return { reply, finish: () => { socket.write(body.slice(2)) } }
    })
    // Their heads have been read once a request that came after them has its reply.
    t.equal(await statusOf(port), 200)
    t.match(await reload(text(role)), { level: 'info' })
    for (const { finish } of writes) finish()
    t.strictSame(await Promise.all(writes.map(async ({ reply }) => await reply)), bodies.map(() => expected), `${role ?? 'no'} key`)
  }
})

const statusOf = async (port: number): Promise<number> => (await fetch(`http://127.0.0.1:${port}/health/live`)).status
