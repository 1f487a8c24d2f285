/** What the log says of a reload: everything that it has taken over, by name, and nothing that waits for a restart. */
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadApiConfig } from '../../src/pvcapid/config/config.ts'
import { changes, configFile, inForce, type ConfigFile } from '../../src/pvcapid/reload-guard.ts'
import { makeAuthority, makeCertificate } from './support/certificate.ts'

interface Settings { readonly api?: readonly string[], readonly ssl?: readonly string[], readonly level?: string, readonly certificates?: readonly string[], readonly keys?: readonly string[] | null }

function setting (t: Test) {
  const folder = t.testdir()
  const [file, caFile] = [join(folder, 'pvcapid.yaml'), join(folder, 'clients.crt')]
  const [first, second] = [makeAuthority(folder, 'first'), makeAuthority(folder, 'second')]
  const own = makeCertificate(folder, 'api')
  copyFileSync(first.certFile, caFile)
  const key = '{description: a, role: operate, token: the-key-of-operators}'
  const read = ({ api = [], ssl = ['enabled: true', `client_ca_file: ${caFile}`], level = 'info', certificates = [], keys = [key] }: Settings = {}): ConfigFile => {
    const authentication = keys === null ? ['enabled: false'] : ['enabled: true', `tokens: [${keys.join(', ')}]`, ...certificates.length === 0 ? [] : [`client_certificates: [${certificates.join(', ')}]`]]
    writeFileSync(file, `pvc:\n  coordinators: ["127.0.0.1:1"]\n  log_level: ${level}\n  api: {${['listen_port: 0', `authentication: {${authentication.join(', ')}}`, `ssl: {${[`cert_file: ${own.certFile}`, `key_file: ${own.keyFile}`, ...ssl].join(', ')}}`, ...api].join(', ')}}\n`)
    const result = loadApiConfig(file)
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    return configFile(file, result.value, result.problems)
  }
  return { caFile, first, second, own, read }
}

const END = String.raw`until \d{4}-\d\d-\d\dT\S+Z`

t.test('the authorities of clients, by what their file holds', async (t) => {
  const { caFile, first, second, read } = setting(t)
  const started = read()
  const taken = () => inForce(started.config, read())
  t.strictSame(changes(started, taken()), [])
  appendFileSync(caFile, readFileSync(second.certFile))
  const both = taken()
  t.match(changes(started, both), [new RegExp(`^authority of client certificates "CN=second", ${END}, added$`)])
  copyFileSync(second.certFile, caFile)
  t.match(changes(both, taken()), [new RegExp(`^authority of client certificates "CN=first", ${END}, removed$`)])
  t.equal(changes(started, taken()).length, 2, 'one for another, under the same name of the file')
  t.ok(first)
})

t.test('all else that is taken over', async (t) => {
  const { caFile, first, own, read } = setting(t)
  const ssl = ['enabled: true', `client_ca_file: ${caFile}`]
  const ops = (role: string, description: string) => [`{description: ${description}, role: ${role}, subject: CN=ops}`]
  const started = read({ certificates: ops('read', 'operators') })
  const said = (settings: Settings) => changes(started, inForce(started.config, read({ certificates: ops('read', 'operators'), ...settings })))
  t.strictSame(said({}), [])
  t.strictSame(said({ ssl: [...ssl, 'min_version: TLSv1.3'] }), ['oldest version of TLS TLSv1.3, was TLSv1.2'])
  t.strictSame(said({ level: 'debug' }), ['log level debug, was info'])
  t.match(said({ certificates: ops('operate', 'operators') }), [/^client certificate "CN=ops" \(operate, "operators"\), was .*\(read, "operators"\)$/])
  t.match(said({ certificates: ops('read', 'others') }), [/"others"\), was .*"operators"\)$/], 'the name that the log of writes has')
  t.strictSame(said({ keys: ['{description: b, role: read, token: another-key-of-all}'] }), ['key "b" (read) added', 'key "a" (operate) removed'])
  appendFileSync(own.certFile, readFileSync(first.certFile))
  t.match(said({}), [new RegExp(`^certificates of the issuers of "CN=api", ${END}$`)])
  const open = read({ keys: null })
  t.strictSame(changes(open, inForce(open.config, read())), ['authentication is on', 'key "a" (operate) added'])
})

t.test('what waits for a restart is not said to be in force', async (t) => {
  const { caFile, read } = setting(t)
  for (const [before, after] of [[['enabled: false'], ['enabled: true', `client_ca_file: ${caFile}`]], [['enabled: true'], ['enabled: true', `client_ca_file: ${caFile}`, 'require_client_certificate: true']]] as const) {
    const started = read({ ssl: before })
    const running = inForce(started.config, read({ ssl: after }))
    t.strictSame(changes(started, running), [])
    t.equal(running.config.tls?.clientCaFile, undefined)
    t.not(running.config.tls?.requireClientCertificate, true)
  }
})
