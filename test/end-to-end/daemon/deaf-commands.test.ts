/** One-shot commands of both daemons end with the same status when their standard output or standard error is not read, and with 74 instead of 0 when it cannot be written. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'

t.test('with a full pipe and a full disk', { timeout: 280_000 }, async (t) => {
  const folder = t.testdir({ 'bad.yaml': 'pvc: {node: none}\n' })
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  // Holds the pipe open for reading, never reads, and fills it.
  const holder = spawn('sh', ['-c', `exec 3<>${fifo}; dd if=/dev/zero bs=1024 count=64 >&3 2>/dev/null; echo full; exec sleep 600`], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(async () => { if (holder.kill('SIGKILL')) await once(holder, 'exit') })
  await once(holder.stdout, 'data')
  const good = join(folder, 'good.yaml')
  for (const [daemon, pvc] of [
    ['pvcnoded', { node: 'hv1', mode: 'coordinator', coordinators: ['127.0.0.1'], system: { run_directory: join(folder, 'run') } }],
    ['pvcapid', { coordinators: ['127.0.0.1'], api: { authentication: { enabled: false } } }],
  ] as const) {
    writeFileSync(good, `${JSON.stringify({ pvc })}\n`)
    chmodSync(good, 0o600)
    const bad = join(folder, 'bad.yaml')
    const commands: ReadonlyArray<readonly [status: number, ...args: string[]]> = [
      [0, '--help'], [0, '--version'], [64, '--no-such-option'], [0, '--check', '--config', good], [78, '--check', '--config', bad], [78, '--config', bad],
      ...daemon === 'pvcnoded' ? [[0, '--release', '--config', good], [78, '--release', '--config', bad]] as const : [],
    ]
    for (const redirection of [`>${fifo} 2>&1`, '>/dev/full 2>&1']) {
      for (const [expected, ...args] of redirection.includes('full') ? commands.slice(1, 4) : commands) {
        const { status, signal } = spawnSync('sh', ['-c', `exec "$@" ${redirection}`, 'sh', process.execPath, join(packageFolder(), 'dist', 'src', daemon, 'main.js'), ...args], { stdio: 'ignore', timeout: 60_000, killSignal: 'SIGKILL', env: { ...process.env, NODE_OPTIONS: '' } })
        t.strictSame([status, signal], [expected === 0 && redirection.includes('full 2') ? 74 : expected, null], `${daemon} ${args.join(' ').replaceAll(folder, '')} ${redirection.replaceAll(folder, '')}`)
      }
    }
    for (const [expected, ...args] of commands.filter(([, option]) => option === '--version' || option === '--check')) {
      const run = (redirection: string) => spawnSync('bash', ['-c', `set -o pipefail; "$@" ${redirection}`, 'bash', process.execPath, join(packageFolder(), 'dist', 'src', daemon, 'main.js'), ...args], { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL', env: { ...process.env, NODE_OPTIONS: '' } })
      const name = `${daemon} ${args.join(' ').replaceAll(folder, '')}`
      const { status, stderr } = run('>/dev/full')
      t.equal(status, expected === 0 ? 74 : expected, `${name} >/dev/full`)
      t.equal(stderr.includes(`${daemon}: Standard output could not be written (ENOSPC: no space left on device)`), expected === 0, stderr)
      const { status: piped, stderr: quiet } = run('| true')
      t.equal(piped, expected, `${name} | true`)
      t.notMatch(quiet, /Standard output/)
    }
  }
})
