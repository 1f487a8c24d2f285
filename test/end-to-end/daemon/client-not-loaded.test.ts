/** A Node that cannot load the native ZooKeeper client: both daemons say so and end, `--check` says it before, and `--release` releases all the same. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'

const LOAD = `the native ZooKeeper client cannot be loaded by this Node: it is built for another one, or not at all; use the Node that it is built for, or build it with tools/patch-client.sh in the package's folder (Node ${process.version}, ABI ${process.versions.modules}, ${process.arch}: No native build was found for `
const folder = t.testdir({ nothing: {} })
const released = join(folder, 'released')

/** Where the loader looks for the client, there is none. */
function run (daemon: 'pvcapid' | 'pvcnoded', settings: object, ...options: string[]): { readonly status: number | null, readonly stdout: string, readonly stderr: string } {
  const file = join(folder, `${daemon}.yaml`)
  writeFileSync(file, stringify({ pvc: { node: 'hv1', coordinators: ['127.0.0.1:1'], ...settings } }), { mode: 0o600 })
  return spawnSync(process.execPath, [`dist/src/${daemon}/main.js`, ...options, '--config', file], { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ZOOKEEPER_PREBUILD: join(folder, 'nothing') } })
}
const api = { api: { listen_port: 0 } }
const node = { mode: 'coordinator', system: { run_directory: folder }, coordinator: { resources: [{ name: 'job', type: 'command', acquire: ['true'], release: ['touch', released] }] } }

for (const [daemon, settings] of [['pvcapid', api], ['pvcnoded', node]] as const) {
  t.test(daemon, async (t) => {
    const checked = run(daemon, settings, '--check')
    t.equal(checked.status, 78)
    t.ok(checked.stderr.includes(`pvc.coordinators: ZooKeeper cannot be used: ${LOAD}`), checked.stderr)
    const { status, stdout } = run(daemon, settings)
    t.equal(status, 78)
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { readonly msg: string }
    t.match(last, { level: 'fatal', code: 'client_not_loaded' })
    t.ok(last.msg.startsWith(`${daemon} cannot use ZooKeeper: ${LOAD}`), last.msg)
  })
}

t.test('what an earlier run has left is released', async (t) => {
  t.notOk(existsSync(released))
  t.equal(run('pvcnoded', node, '--release').status, 0)
  t.ok(existsSync(released))
})
