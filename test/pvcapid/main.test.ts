/** The process: what it is told, what it says, how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { asUser, packageFolder } from '../../tools/testbed/daemon-process.ts'

const MAIN = join(packageFolder(), 'dist', 'src', 'pvcapid', 'main.js')

function start (t: Test, config: string, args: readonly string[] = []) {
  const file = join(t.testdir(), 'pvcapid.yaml')
  writeFileSync(file, config)
  const [program, ...words] = asUser([process.execPath, MAIN, '--config', file, ...args])
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  const says = async (message: string) => await new Promise<Record<string, unknown>>((resolve) => {
    reader.on('line', (line) => {
      const entry = line.startsWith('{') ? JSON.parse(line) as Record<string, unknown> : {}
      if (entry['msg'] === message) resolve(entry)
    })
  })
  reader.on('line', (line) => { lines.push(line) })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors, lines }))
  return { child, says, ended, file }
}

t.test('a configuration that cannot be used', async (t) => {
  const { ended } = start(t, 'pvc:\n  coordinators: []\n  api: {listen_port: 99999}\n  colour: red\n')
  const { code, errors } = await ended
  t.equal(code, 78)
  t.match(errors, /listen_port/)
  t.match(errors, /coordinators/)
  t.match(errors, /colour/)
})

t.test('--check', async (t) => {
  const { ended } = start(t, 'pvc:\n  coordinators: [127.0.0.1]\n', ['--check'])
  t.match(await ended, { code: 0, lines: [/: good$/] })
})

t.test('without ZooKeeper it listens, answers and ends in order', async (t) => {
  const { child, says, ended } = start(t, 'pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_port: 0}\n')
  const { address, port } = await says('ready')
  t.equal(address, '127.0.0.1')
  const base = `http://127.0.0.1:${Number(port)}`
  t.equal((await fetch(`${base}/health/live`)).status, 200)
  t.equal((await fetch(`${base}/api/v1/node`)).status, 503)
  child.kill('SIGHUP')
  await says('the configuration was read again: keys, certificates, authorities of clients, min_version and log level are as before')
  t.equal((await fetch(`${base}/health/ready`)).status, 503, 'alive after SIGHUP')
  const taken = start(t, `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_port: ${Number(port)}}\n`)
  const { code: status, lines: said } = await taken.ended
  t.equal(status, 69, 'the address is taken')
  t.match(said.at(-1), /"code":"listen_failed","reason":"EADDRINUSE".*in use.* names it\), or set another pvc\.api\.listen_port/)
  // An address for documentation, which no machine has.
  const foreign = await start(t, 'pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_address: 203.0.113.7, listen_port: 0, authentication: {enabled: true, tokens: [{description: ops, token: a-key-of-this-test-alone, role: operate}]}}\n').ended
  t.equal(foreign.code, 69, 'the address is another machine\'s')
  t.match(foreign.lines.at(-1), /"code":"listen_failed","reason":"EADDRNOTAVAIL".*Set pvc\.api\.listen_address to an address of this host/)
  const six = createServer().listen(0, '::1')
  await once(six, 'listening')
  t.teardown(() => six.close())
  const sixPort = (six.address() as AddressInfo).port
  const takenSix = await start(t, `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_address: "::1", listen_port: ${sixPort}}\n`).ended
  t.match(takenSix.lines.at(-1), new RegExp(`pvcapid cannot listen at \\[::1\\]:${sixPort}: the address is in use\\. Stop the program`))
  t.notMatch(takenSix.lines.at(-1), `::1:${sixPort}`)
  for (const line of [said.at(-1), foreign.lines.at(-1), takenSix.lines.at(-1)]) t.notMatch(line, /stack|\bat .*:\d+:\d+/, 'one sentence')
  child.kill('SIGTERM')
  const { code, lines } = await ended
  t.equal(code, 0)
  t.match(lines.at(-1), /"msg":"stopped"/)
})

t.test('told to end before it listens', async (t) => {
  const { child, says, ended } = start(t, 'pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_port: 0}\n')
  await says('starting')
  child.kill('SIGTERM')
  const { code, lines } = await ended
  t.equal(code, 0)
  t.match(lines.at(-1), /"msg":"stopped"/)
  t.notMatch(lines.join(), /"level":"error"/)
})

t.test('SIGHUP: new keys without a restart, and a file that cannot be used', async (t) => {
  const text = (token: string, more = '') => `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api:\n    listen_port: 0\n    authentication: {enabled: true, tokens: [{description: a, role: read, token: ${token}}]}\n${more}`
  const { child, says, ended, file } = start(t, text('the-first-key-of-all'))
  const { port } = await says('ready')
  const status = async (key: string) => (await fetch(`http://127.0.0.1:${Number(port)}/api/v1/node`, { headers: { 'x-api-key': key } })).status
  t.equal(await status('the-first-key-of-all'), 503, 'a known key, and no ZooKeeper')
  const reread = async (content: string, message: string) => {
    const said = says(message)
    writeFileSync(file, content)
    child.kill('SIGHUP')
    return await said
  }
  t.match(await reread(text('another-key-of-all', '  colour: red\n'), 'the configuration cannot be used; everything stays as it is'), { problems: [/colour/] })
  t.equal(await status('the-first-key-of-all'), 503)
  await reread(text('the-second-key-of-all'), 'the configuration was read again: key "a" (read) added; key "a" (read) removed')
  t.strictSame([await status('the-first-key-of-all'), await status('the-second-key-of-all')], [401, 503])
  await reread(text('the-second-key-of-all', '  log_level: debug\n').replace('role: read', 'role: operate'), 'the configuration was read again: key "a" (operate), was key "a" (read); log level debug, was info')
  t.match(await reread(text('the-second-key-of-all', '  node: hv7\n'), 'these settings have changed too, and wait for a restart'), { settings: ['pvc.node'] })

  const waiting = fetch(`http://127.0.0.1:${Number(port)}/api/v1/events`, { headers: { 'x-api-key': 'the-second-key-of-all' } })
  t.equal((await waiting).status, 503)
  child.kill('SIGTERM')
  const { code, lines } = await ended
  t.equal(code, 0)
  t.notMatch(lines.join(), /key-of-all/, 'no key is logged')
})
