/** Programs that a node's configuration names and that cannot be started are named in the log at the start: some are needed in an emergency alone. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { stringify } from 'yaml'

t.test('a self_fence and a fencing command that do not exist', { timeout: 60_000 }, async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'pvcnoded.yaml')
  writeFileSync(file, stringify({
    pvc: { node: 'hv1', mode: 'coordinator', coordinators: ['127.0.0.1:1'], system: { run_directory: folder, fencing: { method: 'command', command: ['/nope/fence'] }, self_fence: ['/nope/reboot', '-f'] } },
  }))
  const child = spawn(process.execPath, ['dist/src/pvcnoded/main.js', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  const told = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout })) {
    const { code, setting, msg } = JSON.parse(line) as { readonly code?: string, readonly setting?: string, readonly msg: string }
    if (code === 'config_host') told.set(setting ?? '', msg)
    if (told.size === 2) break
  }
  t.strictSame([...told].sort(), [
    ['pvc.system.fencing.command', 'pvc.system.fencing.command: /nope/fence does not exist.'],
    ['pvc.system.self_fence', 'pvc.system.self_fence: /nope/reboot does not exist.'],
  ])
  child.kill('SIGTERM')
  t.strictSame(await exited, [0, null])
})

t.test('without the program that locks, the daemon does not start, and --check says so', async (t) => {
  const folder = t.testdir({ empty: {} })
  const file = join(folder, 'pvcnoded.yaml')
  writeFileSync(file, stringify({ pvc: { node: 'hv1', mode: 'coordinator', coordinators: ['127.0.0.1:1'], system: { run_directory: folder } } }))
  const run = (...options: string[]) => spawnSync(process.execPath, ['dist/src/pvcnoded/main.js', ...options, '--config', file], { encoding: 'utf8', timeout: 60_000, env: { PATH: join(folder, 'empty') } })
  const checked = run('--check')
  t.equal(checked.status, 78)
  t.ok(checked.stderr.includes('pvc.system.run_directory: flock (of util-linux) is not in PATH; without it the lock file there cannot be locked, and the daemon does not start.'), checked.stderr)
  const { status, stdout } = run()
  t.equal(status, 78)
  t.match(stdout, /"code":"run_directory_unusable".*cannot be locked: flock \(of util-linux\) cannot be run/)
})
