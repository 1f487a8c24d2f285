/** What every program of this repository makes of `--help` and of arguments that it does not know. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'

const root = packageFolder()
const play = (file: string, ...args: readonly string[]) => spawnSync(process.execPath, [join(root, 'dist', file.replace(/ts$/, 'js')), ...args], { encoding: 'utf8' })
const programs = ['proof', 'tools', 'bench'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.ts') && /\bprogramArguments\(/.test(readFileSync(join(root, file), 'utf8')) && !file.endsWith('program-arguments.ts'))

t.test('no program reads its arguments by itself', async (t) => {
  t.ok(programs.length >= 7, programs.join())
  for (const file of readdirSync(join(root, 'proof'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) t.notMatch(readFileSync(join(root, 'proof', file), 'utf8'), /\bparseArgs\(/, file)
})

t.test('help, and a mistake', async (t) => {
  for (const file of programs) {
    t.match(play(file, '--help'), { status: 0, stdout: /^Usage: npm run [\w:]+ -- /, stderr: '' }, file)
    t.match(play(file, '--no-such-option'), { status: 64, stdout: '', stderr: /Unknown option '--no-such-option'[^]*Usage: / }, file)
  }
  for (const [file, ...args] of [
    ['proof/canaries/main.ts', 'nope'], ['proof/canaries/main.ts', '--except', 'nope'], ['proof/chaos/main.ts', '--lanes', '0'], ['proof/chaos/main.ts', '--only', 'nope'],
    ['proof/simulate/main.ts', '--runs', '0'], ['proof/explore/main.ts', '--nodes', 'x'], ['bench/run.ts', 'nope'], ['bench/run.ts', '--rounds', '1.5'], ['tools/demo.ts', '--port', '70000'],
  ] as const) t.match(play(file, ...args), { status: 64, stdout: '', stderr: /^npm run \w+: .*\n\nUsage: / }, `${file} ${args.join(' ')}`)
})

t.test('a help that cannot be written is no success', async (t) => {
  for (const file of programs) {
    const run = (redirection: string) => spawnSync('bash', ['-c', `set -o pipefail; "$@" --help ${redirection}`, 'bash', process.execPath, join(root, 'dist', file.replace(/ts$/, 'js'))], { encoding: 'utf8' })
    t.match(run('>/dev/full'), { status: 74, stderr: /^npm run [\w:]+: Standard output could not be written \(ENOSPC: no space left on device\)/ }, file)
    t.match(run('| true'), { status: 0, stderr: '' }, file)
  }
})
