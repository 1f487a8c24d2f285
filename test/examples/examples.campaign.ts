/** `npm run campaign -- examples`: the scripts and the TypeScript client of examples/ on a running cluster: what they do, and every exit status that they promise. */
import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import t, { type Test } from 'tap'
import { askApi } from '../support/api-client.ts'
import { cluster, quick, type Watcher } from '../support/cluster.ts'
import type { Cluster } from '../../tools/testbed/cluster.ts'
import { eventually } from '../support/zookeeper.ts'

interface Run { readonly exit: number | null, readonly out: string, readonly err: string }

/** An address that nothing listens on. */
const NOWHERE = 'http://127.0.0.1:9'
let made: Cluster
let watcher: Watcher
let api: string

function start (program: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): { readonly child: ChildProcess, readonly ended: Promise<Run> } {
  const child = spawn(program, args, { env: { ...process.env, PVC_API: api, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => { text.out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { text.err += chunk.toString() })
  return { child, ended: new Promise((resolve) => child.once('close', (exit) => resolve({ exit, ...text }))) }
}
const script = (name: string) => resolve('examples', `${name}.sh`)
const sh = async (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> => await start('sh', [script(name), ...args], env).ended

/** @param wanted the exit status, or the words of a test's name before it */
async function exits (t: Test, wanted: number, name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const run = await sh(name, args, env)
  t.equal(run.exit, wanted, `${name} ${args.join(' ')}: ${run.out}${run.err}`)
  return run
}

t.before(async () => {
  const flag = (folder: string, name: string) => `"${folder}/${name}"`
  const begun = await cluster(t, {
    nodes: ['hv1', 'hv2', 'hv3'],
    ...quick,
    resources: ['address'],
    // Broken or slow while a file of that name is there.
    resourceSettings: (folder) => ({
      acquire: ['sh', '-c', `test ! -e ${flag(folder, 'broken')} || exit 1; while test -e ${flag(folder, 'slow')}; do sleep 0.05; done; exec sh "${resolve('tools/testbed/exclusive-resource.sh')}" "${folder}"`],
      retries: 0,
    }),
  })
  made = begun.cluster
  watcher = begun.watcher
  api = await made.startApi('hv1')
  const { name } = await watcher.settled()
  if (name !== 'hv1') await sh('switch-and-wait', ['hv1'])
  await watcher.settled('hv1')
})

t.test('switch-and-wait.sh', async (t) => {
  const moved = await exits(t, 0, 'switch-and-wait', ['-r', 'a "good" reason', '-t', '30', 'hv2'])
  t.match(JSON.parse(moved.out), { outcome: 'succeeded', to: 'hv2', reason: 'a "good" reason', timeout: 30 })
  t.equal((await watcher.settled('hv2')).name, 'hv2')
  t.match((await exits(t, 0, 'switch-and-wait', ['hv2'])).out, /"outcome":"succeeded"/, 'so already')
  t.equal(JSON.parse((await exits(t, 0, 'switch-and-wait', ['-f', 'hv2'])).out).from, 'hv2', 'to anybody else')
  await exits(t, 0, 'switch-and-wait', ['-f', 'hv2'])
  t.match((await exits(t, 2, 'switch-and-wait', ['hv9'])).err, /node_unknown/)
  t.match((await exits(t, 69, 'switch-and-wait', ['-w', '0', 'hv1'], { PVC_API: NOWHERE })).err, /nothing was done/)
  for (const wrong of [[], ['hv1', 'hv2'], ['-w', 'soon', 'hv1'], ['-t', '1.5', 'hv1'], ['-x', 'hv1'], ['hv 1'], ['-r', 'two\nlines', 'hv1']]) await exits(t, 64, 'switch-and-wait', wrong)
  await exits(t, 70, 'switch-and-wait', ['hv1'], { TMPDIR: '/nonexistent' })
})

t.test('switch-and-wait.sh: a switchover that fails, and one that takes long while the API is restarted', async (t) => {
  const { name: from } = await watcher.settled()
  const to = from === 'hv2' ? 'hv3' : 'hv2'
  writeFileSync(join(made.folder, 'broken'), '')
  t.match((await exits(t, 1, 'switch-and-wait', [to])).out, /"outcome":"failed".*"acquire_failed"/)
  rmSync(join(made.folder, 'broken'))
  await watcher.settled()
  writeFileSync(join(made.folder, 'slow'), '')
  const { name: back } = await watcher.settled()
  const next = back === 'hv2' ? 'hv3' : 'hv2'
  t.match((await exits(t, 3, 'switch-and-wait', ['-w', '0', next])).err, /not over after 0 s/)
  const { ended } = start('sh', [script('switch-and-wait'), next], {})
  await made.apis.get('hv1')?.stop()
  await made.startApi('hv1', Number(new URL(api).port))
  rmSync(join(made.folder, 'slow'))
  const run = await ended
  t.equal(run.exit, 0, run.out + run.err)
  t.equal((await watcher.settled()).name, next)
})

t.test('is-primary.sh', async (t) => {
  const { name } = await watcher.settled()
  await exits(t, 0, 'is-primary', [name])
  await exits(t, 1, 'is-primary', [name === 'hv2' ? 'hv3' : 'hv2'])
  await exits(t, 1, 'is-primary', [], {})
  t.match((await exits(t, 2, 'is-primary', [], { PVC_API: NOWHERE })).err, /does not answer/)
  await exits(t, 2, 'is-primary', [], { PVC_API: `${api}/elsewhere` })
  await exits(t, 64, 'is-primary', ['hv1', 'hv2'])
  await exits(t, 64, 'is-primary', ['hv/1'])
})

t.test('drain-and-reboot.sh', async (t) => {
  const { name } = await watcher.settled()
  const run = await exits(t, 7, 'drain-and-reboot', ['-d', '-w', '20', name, 'sh', '-c', 'echo rebooted; exit 7'])
  t.equal(run.out, 'rebooted\n')
  t.not((await watcher.settled()).name, name)
  const domains = `${api}/api/v1/node/${name}/domain-state`
  t.match(await askApi(`${domains}?consistent`), { body: { domain_state: /^flushed$/ } })
  t.match(await askApi(`${domains}?state=ready`, { method: 'POST' }), { status: 200 })
  const before = await watcher.settled()
  t.equal((await exits(t, 0, 'drain-and-reboot', [name, 'true'])).err.includes('handing over'), false, 'a secondary')
  t.same(await watcher.settled(), before)
  const marker = join(made.folder, 'must-not-be')
  const command = ['touch', marker]
  await exits(t, 101, 'drain-and-reboot', [name, ...command], { PVC_API: NOWHERE })
  await exits(t, 102, 'drain-and-reboot', ['-d', 'hv9', ...command])
  await exits(t, 103, 'drain-and-reboot', ['-w', '0', 'hv9', ...command])
  for (const wrong of [[], ['-w', 'x', name, ...command], ['h v', ...command]]) await exits(t, 64, 'drain-and-reboot', wrong)
  writeFileSync(join(made.folder, 'broken'), '')
  await exits(t, 101, 'drain-and-reboot', [(await watcher.settled()).name, ...command])
  rmSync(join(made.folder, 'broken'))
  await watcher.settled()
  t.notOk(existsSync(marker), 'the command is run in the first case only')
})

t.test('follow.sh', async (t) => {
  const { child, ended } = start('sh', [script('follow'), 'primary', 'resync'], {})
  const lines: string[] = []
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const { name } = await watcher.settled()
  const names = () => lines.filter((line) => line.startsWith('primary ')).map((line) => JSON.parse(line.slice(8)) as { name: string, settled: boolean }).filter(({ settled }) => settled).map((primary) => primary.name)
  await eventually(() => names().at(-1) === name)
  const other = name === 'hv2' ? 'hv3' : 'hv2'
  await made.apis.get('hv1')?.stop()
  await made.startApi('hv1', Number(new URL(api).port))
  await exits(t, 0, 'switch-and-wait', [other])
  await eventually(() => names().at(-1) === other)
  t.ok(lines.every((line) => /^(primary|resync) \{/.test(line)), 'only what was asked for')
  child.kill('SIGTERM')
  t.equal((await ended).exit, 143)
  const shut = await start('sh', ['-c', 'exec 3>&1; { sh "$1"; echo "$?" >&3; } | head -n 1', 'sh', script('follow')], {}).ended
  t.match(shut.out.trim().split('\n').sort(), [/^0$/, /^resync /], shut.err)
  t.match((await exits(t, 2, 'follow', [], { PVC_API: `${api}/elsewhere` })).err, /refuses \(404\)/)
  await exits(t, 70, 'follow', [], { TMPDIR: '/nonexistent' })
})

t.test('the key goes along, on no command line', async (t) => {
  const key = 'a "quoted" key, 16+'
  const commandLines: string[] = []
  const server = createServer((request, response) => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        commandLines.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      } catch {} // it has ended meanwhile
    }
    response.statusCode = request.headers['x-api-key'] === key ? 200 : 401
    response.end(request.url?.endsWith('/events') === true ? 'event: end\ndata: {}\n\n' : '{"domain_state":"flushed"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const env = { PVC_API: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  await exits(t, 2, 'switch-and-wait', ['hv1'], { ...env, PVC_API_KEY: 'wrong' })
  await exits(t, 0, 'switch-and-wait', ['hv1'], { ...env, PVC_API_KEY: key })
  await exits(t, 2, 'follow', [], { ...env, PVC_API_KEY: 'wrong' })
  const followed = await start('sh', ['-c', 'sh "$1" | head -n 1', 'sh', script('follow')], { ...env, PVC_API_KEY: key }).ended
  t.equal(followed.out, 'end {}\n')
  t.ok(commandLines.some((line) => line.includes('curl')), 'curl was seen')
  t.notOk(commandLines.some((line) => line.includes('quoted')))
})

t.test('the TypeScript client', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pvc-client-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  cpSync('examples/typescript', folder, { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const npm = async (...args: string[]) => await start('npm', ['run', '--silent', ...args], {}, folder).ended
  for (const args of [['types', '--', `${api}/openapi.json`], ['build']]) t.equal((await npm(...args)).exit, 0, args.join(' '))
  const { name } = await watcher.settled()
  const other = name === 'hv2' ? 'hv3' : 'hv2'
  const client = async (to: string) => await start('node', [join(folder, 'switch-and-wait.js'), api, to], {}).ended
  t.match(await client(other), { exit: 0, out: new RegExp(`from ${name} to ${other}: succeeded`) })
  t.match(await client('hv9'), { exit: 1, err: /There is no node named "hv9"/ })
})

t.test('nobody held what another held', async (t) => { t.same(made.collisions(), []) })
