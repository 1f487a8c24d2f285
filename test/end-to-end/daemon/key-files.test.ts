/** Files with keys, certificates near their end, and the debugger: what each daemon says of them, and what --check --strict refuses. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { asUser, packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { CertificateWatch, validityOf, validitySentence } from '../../../src/pvcapid/http/certificate.ts'
import { apiConfigSchema } from '../../../src/pvcapid/config/schema.ts'
import { Metrics } from '../../../src/pvcapid/metrics/metrics.ts'
import { nodeConfigSchema } from '../../../src/pvcnoded/config/schema.ts'
import { exposureProblems } from '../../../src/runtime/config/exposure.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { makeCertificate } from '../../pvcapid/support/certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const entry = (daemon: string) => join(packageFolder(), 'dist', 'src', daemon, 'main.js')

function check (daemon: string, file: string, ...more: string[]) {
  const [program, ...words] = asUser([process.execPath, entry(daemon), '--check', '--config', file, ...more])
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

const api = (authentication: string, more = '') => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: ${authentication}\n${more}`
const node = (fencing: string) => `pvc:\n  node: hv1\n  mode: coordinator\n  coordinators: [127.0.0.1]\n${fencing}`
const DAY = 86_400_000
const keys = '{enabled: true, tokens: [{description: a, role: operate, token: 0123456789abcdef}]}'

t.test('files that every user may read', async (t) => {
  const file = join(t.testdir(), 'daemon.yaml')
  for (const [daemon, text, secret] of [
    ['pvcapid', api(keys), true],
    ['pvcapid', api('{enabled: false, tokens: [{description: a, role: read, token: 0123456789abcdef}]}'), true],
    ['pvcapid', api(`{enabled: true, tokens: [{description: a, role: read, token_sha256: ${'a'.repeat(64)}}]}`), true],
    ['pvcapid', api('{enabled: false}'), false],
    ['pvcnoded', node('  system: {fencing: {method: ipmi, ipmi: {host: hv1-bmc, username: fencer, password: secret}}}\n'), true],
    ['pvcnoded', node('  system: {fencing: {method: none}}\n'), false],
  ] as const) {
    writeFileSync(file, text)
    const schema = daemon === 'pvcapid' ? apiConfigSchema : nodeConfigSchema
    for (const [mode, may] of [[0o600, null], [0o640, null], [0o644, 'read'], [0o604, 'read'], [0o602, 'change'], [0o666, 'read and change']] as const) {
      chmodSync(file, mode)
      t.strictSame(exposureProblems(file, schema).map(({ message }) => message), secret && may !== null
        ? [`${file} holds keys, and every user of this machine may ${may} it (mode 0${mode.toString(8)}); run chmod o= ${file}.`]
        : [], `${daemon} ${mode.toString(8)}`)
    }
  }
  for (const [daemon, text] of [['pvcapid', api(keys)], ['pvcnoded', node('  system: {fencing: {method: ipmi, ipmi: {host: 127.0.0.9, username: fencer, password: secret}}}\n')]] as const) {
    writeFileSync(file, text)
    chmodSync(file, 0o644)
    t.match(check(daemon, file), { status: 0, stderr: /^\S+: warning: .* holds keys, .*\(mode 0644\)/ }, daemon)
    const strict = check(daemon, file, '--strict')
    t.match(strict, { status: 78, stdout: '' }, `${daemon}: strict`)
    t.notMatch(strict.stderr, /0123456789abcdef|secret/)
    chmodSync(file, 0o640)
    t.match(check(daemon, file, '--strict'), { status: 0, stderr: '' }, `${daemon}: strict, and well`)
  }
  t.strictSame(exposureProblems(join(file, 'nowhere'), apiConfigSchema, { a: '/nowhere' }), [], 'what is not there is not exposed')
})

t.test('a private key that every user may read, and a certificate near its end', async (t) => {
  const folder = t.testdir()
  const { certFile, keyFile } = makeCertificate(folder, 'api')
  const file = join(folder, 'pvcapid.yaml')
  writeFileSync(file, api(keys, `    ssl: {enabled: true, cert_file: ${certFile}, key_file: ${keyFile}}\n`), { mode: 0o600 })
  chmodSync(keyFile, 0o644)
  const said = check('pvcapid', file)
  t.match(said.stderr, /pvc\.api\.ssl\.key_file: .*api\.key is a private key, and every user of this machine may read it \(mode 0644\)/)
  t.match(said.stderr, /pvc\.api\.ssl\.cert_file: The certificate in .*api\.crt expires at .*, in a day\./)
  chmodSync(keyFile, 0o600)
  t.match(check('pvcapid', file, '--strict'), { status: 78, stderr: /expires at/ }, 'its certificate ends within two days')
})

t.test('the certificate is looked at once a day, and told to Prometheus', async (t) => {
  const { certFile } = makeCertificate(t.testdir(), 'api', undefined, 30)
  const lines: string[] = []
  const metrics = new Metrics('1')
  const manual = new ManualClock()
  const expiry = validityOf(certFile)?.until ?? 0
  t.ok(expiry > 0)
  const clock = { monotonic: () => manual.monotonic(), after: (delay: number, action: () => void) => manual.after(delay, action), wall: () => new Date(expiry - 16 * DAY + manual.monotonic()).toISOString() }
  const log = createLogger({ name: 'pvcapid', level: 'warn', clock, destination: { write: (line: string) => { lines.push(line) } } })
  const watch = new CertificateWatch({ certFile, clock, log, gauge: metrics.certificateExpiry })
  t.match(await metrics.text(), new RegExp(`^pvcapid_certificate_expiry_timestamp_seconds ${expiry / 1000}$`, 'm'))
  manual.advance(1.5 * DAY)
  t.equal(lines.length, 0, 'there is time')
  manual.advance(DAY)
  t.match(lines, [/expires at .*, in 14 days/])
  manual.advance(DAY)
  t.equal(lines.length, 2, 'again on the next day')
  watch.renewed(certFile)
  t.equal(lines.length, 3, 'and at a reload')
  manual.advance(14 * DAY)
  t.match(lines.at(-1), /expired at/)
  watch[Symbol.dispose]()
  t.equal(manual.running, 0)
  t.equal(validitySentence('f', { from: 0, until: 20 * 86_400_000 }, 0), null)
  t.match(validitySentence('f', { from: 0, until: 13 * 86_400_000 }, 0), /in 13 days/)
  t.match(validitySentence('f', { from: 0, until: 1 }, 1), /expired at/)
  t.match(validitySentence('f', { from: 2, until: 20 * 86_400_000 }, 1), /valid from .* on: clients refuse it until then/)
})

t.test('a daemon that runs says it in its log; SIGUSR1 opens no debugger', async (t) => {
  const file = join(t.testdir(), 'pvcapid.yaml')
  writeFileSync(file, api(keys))
  chmodSync(file, 0o644)
  const [program, ...words] = asUser([process.execPath, entry('pvcapid'), '--config', file])
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const reader = createInterface({ input: child.stdout })
  const says = async (message: string): Promise<void> => await new Promise((resolve) => reader.on('line', (line) => { if (line.includes(message)) resolve() }))
  await Promise.all([says('holds keys, and every user of this machine may read it (mode 0644)'), says('"ready"')])
  const ignored = says('SIGUSR1 is ignored')
  child.kill('SIGUSR1')
  await ignored
  child.kill('SIGTERM')
  await once(child, 'close')
  t.equal(errors, '', 'no "Debugger listening"')
})
