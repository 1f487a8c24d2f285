/**
 * `npm run campaign -- package`, second half: what `npm pack` made is installed by npm into an empty folder as docs/operations.md says, its ZooKeeper client is
 * patched and built, and pvcnoded registers with it on a real ZooKeeper. Takes minutes, most of them for the native client.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { stringify } from 'yaml'
import { ZooKeeperServer } from '../../tools/testbed/zookeeper-server.ts'

t.test('the npm package', { timeout: 900_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pvc-npm-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const zookeeper = new ZooKeeperServer()
  t.teardown(async () => await zookeeper.remove())
  // Nothing of the test runner's is to be loaded into what is tested.
  const { NODE_OPTIONS: _, ...env } = process.env
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  const installed = join(folder, 'prefix/lib/node_modules/pvcapid')
  run('npm', 'install', '--global', '--prefix', join(folder, 'prefix'), '--ignore-scripts', '--no-audit', '--no-fund', `./${run('ls').trim().split('\n').find((name) => name.endsWith('.tgz')) ?? ''}`)
  run('sh', join(installed, 'tools/patch-client.sh'))
  t.match(run('sh', join(installed, 'tools/patch-client.sh')), /the patch is there already/, 'twice does no harm')

  await zookeeper.start()
  const file = join(folder, 'pvcnoded.yaml')
  writeFileSync(file, stringify({ pvc: { node: 'hv1', mode: 'coordinator', coordinators: [zookeeper.connectString] } }))
  const child = spawn(join(folder, 'prefix/bin/pvcnoded'), ['--config', file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let registered = false
  for await (const line of createInterface({ input: child.stdout })) {
    registered = (JSON.parse(line) as { msg: string }).msg === 'registered'
    if (registered) break
  }
  t.ok(registered, 'pvcnoded registers')
  child.stdout.resume()
  child.kill('SIGTERM')
  t.equal(await ended, 0)
})
