/** The process: what it is told, what it says, how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'

const MAIN = new URL('../../dist/src/pvcapid/main.js', import.meta.url).pathname

function start (t: Test, config: string, args: readonly string[] = []) {
  const file = join(t.testdir(), 'pvcapid.yaml')
  writeFileSync(file, config)
  const child = spawn(process.execPath, [MAIN, '--config', file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
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
  return { child, says, ended }
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
  const { ended } = start(t, 'pvc:\n  coordinators: [hv1]\n', ['--check'])
  t.match(await ended, { code: 0, lines: [/is good/] })
})

t.test('without ZooKeeper it listens, answers and ends in order', async (t) => {
  const { child, says, ended } = start(t, 'pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_port: 0}\n')
  const { address, port } = await says('ready')
  t.equal(address, '127.0.0.1')
  const base = `http://127.0.0.1:${Number(port)}`
  t.equal((await fetch(`${base}/health/live`)).status, 200)
  t.equal((await fetch(`${base}/api/v1/node`)).status, 503)
  child.kill('SIGHUP')
  t.equal((await fetch(`${base}/health/ready`)).status, 503, 'alive after SIGHUP')
  const taken = start(t, `pvc:\n  coordinators: ["127.0.0.1:1"]\n  api: {listen_port: ${Number(port)}}\n`)
  t.match(await taken.ended, { code: 69 }, 'the address is taken')
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
