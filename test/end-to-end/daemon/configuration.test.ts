/** What both daemons do with their arguments and their configuration files, as processes. */
import t from 'tap'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asUser, packageFolder } from '../../../tools/testbed/daemon-process.ts'

const daemons = ['pvcapid', 'pvcnoded'] as const

function run (daemon: typeof daemons[number], ...args: string[]) {
  const entry = join(packageFolder(), 'dist', 'src', daemon, 'main.js')
  const [program, ...words] = asUser([process.execPath, entry, ...args])
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', timeout: 30_000 })
  return { status, stdout, stderr }
}

for (const daemon of daemons) {
  t.test(`${daemon}: a bad file: every error with its place, exit 78, nothing started`, async (t) => {
    const file = join(t.testdir(), 'bad.yaml')
    writeFileSync(file, [
      'pvc:',
      '  node: "a/b"',
      '  mode: coordinator',
      '  coordinators: []',
      '  coordinater: {}',
      '  zookeeper: {session_timeout: 1}',
      ...(daemon === 'pvcapid' ? ['  api: {listen_port: 70000}'] : ['  coordinator: {lock_timeout: 2}']),
    ].join('\n'))
    const { status, stdout, stderr } = run(daemon, '--config', file)
    t.equal(status, 78)
    t.equal(stdout, '', 'it never began')
    const lines = stderr.trim().split('\n')
    t.ok(lines.every((line) => line.startsWith(`${file}:`)), 'file, line and column first')
    for (const [place, subject] of [[':2:', 'pvc.node'], [':4:', 'pvc.coordinators'], [':5:', 'pvc.coordinater'], [':6:', 'pvc.zookeeper.session_timeout'],
      [':7:', daemon === 'pvcapid' ? 'pvc.api.listen_port' : 'pvc.coordinator']] as const) {
      t.ok(lines.some((line) => line.includes(place) && line.includes(subject)), `${subject} is named with its line`)
    }
    t.equal(run(daemon, '--config', file, '--check').status, 78, 'the same with --check')
  })

  t.test(`${daemon}: the example, a missing file, and the other arguments`, async (t) => {
    const example = run(daemon, '--check', '--config', join(packageFolder(), `${daemon}.yaml.example`))
    t.equal(example.status, 0, example.stderr)
    const missing = run(daemon, '--config', '/nowhere/at/all.yaml')
    t.equal(missing.status, 78)
    t.match(missing.stderr, '/nowhere/at/all.yaml')
    t.match(run(daemon, '--version').stdout, /^\d+\.\d+\.\d+$/m)
    t.match(run(daemon, '--help').stdout, `Usage: ${daemon}`)
    t.equal(run(daemon, '--confg').status, 64)
  })
}
