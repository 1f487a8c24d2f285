/** The example configurations of HAProxy: HAProxy itself takes them without a warning, where it is installed; they ask for routes that exist, and cut no client that waits. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeCertificate } from '../pvcapid/support/certificate.ts'

const FOLDER = 'examples/haproxy'
const files = readdirSync(FOLDER).sort()
const textOf = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

interface Parameter { readonly name: string, readonly schema: { readonly maximum?: number } }
const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>> }

t.test('HAProxy takes each file, where it is installed', async (t) => {
  // Short: the path of a socket has 97 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { certFile, keyFile } = makeCertificate(folder, 'api')
  const pem = join(folder, 'api.pem')
  writeFileSync(pem, readFileSync(certFile, 'utf8') + readFileSync(keyFile, 'utf8'))
  const special: Readonly<Record<string, string>> = { HAPROXY_STATS: join(folder, 'stats'), HAPROXY_CERTIFICATE: pem, PVC_CA: certFile }
  const check = (file: string) => {
    const names = [...readFileSync(file, 'utf8').matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name)
    return spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8', env: { ...process.env, ...Object.fromEntries(names.map((name) => [name, special[name] ?? '127.0.0.1:7370'])) } })
  }
  if (spawnSync('haproxy', ['-v']).error !== undefined) {
    t.comment('haproxy is not installed')
    return
  }
  for (const file of files) {
    const { status, stdout, stderr } = check(join(FOLDER, file))
    t.equal(status, 0, `${file}: ${stdout}${stderr}`)
    t.notMatch(stdout + stderr, /WARNING|ALERT/, file)
  }
  const wrong = join(folder, 'wrong.cfg')
  writeFileSync(wrong, textOf('ready.cfg').replace('default_backend ready', 'default_backend other'))
  t.not(check(wrong).status, 0, 'a fault is found')
})

t.test('checks ask for routes that exist', async (t) => {
  for (const file of files) {
    for (const [, uri = ''] of textOf(file).matchAll(/http-check send .*\buri (\S+)/g)) t.ok(uri in paths, `${file}: ${uri}`)
    if (/^(ready|tls)/.test(file)) t.match(textOf(file), /uri \/health\/ready /, `${file}: only APIs that are ready`)
  }
  t.match(files, ['haproxy.cfg', 'prefix.cfg', 'ready.cfg', 'tls-passthrough.cfg', 'tls.cfg'])
})

t.test('where any API answers, no client is cut that waits', async (t) => {
  const longest = Math.max(...Object.values(paths).flatMap((path) => Object.values(path)).flatMap(({ parameters = [] }) => parameters).filter(({ name }) => name === 'wait').map(({ schema }) => schema.maximum ?? Infinity))
  t.ok(longest >= 60 && longest < Infinity, `waits of ${longest} s`)
  for (const file of files.filter((file) => /^(ready|tls)/.test(file))) {
    const text = textOf(file)
    for (const side of ['client', 'server']) {
      const [, seconds = '0'] = new RegExp(`^ *timeout ${side} (\\d+)s$`, 'm').exec(text) ?? []
      t.ok(Number(seconds) > longest, `${file}: ${side} ${seconds} s`)
    }
    t.notMatch(text, /shutdown-sessions/, `${file}: requests in progress continue`)
  }
})

t.test('what a client says of itself is not taken over in the proxy\'s name', async (t) => {
  for (const file of ['ready.cfg', 'tls.cfg']) {
    for (const header of ['For', 'Host', 'Proto']) t.match(textOf(file), new RegExp(`http-request set-header X-Forwarded-${header} `), `${file}: ${header}`)
    t.match(textOf(file), /http-request del-header X-Forwarded-Prefix$/m, file)
  }
})
