/** The arguments of both daemons, and what each combination means. */
import t from 'tap'
import { readCommandLine } from '../../../src/runtime/config/command-line.ts'

t.test('the file comes from --config, else the environment, else /etc/pvc', async (t) => {
  const env = { PVCAPID_CONFIG_FILE: '/env/api.yaml', PVCNODED_CONFIG_FILE: '/env/node.yaml' }
  t.same(readCommandLine('pvcapid', ['--config', '/my.yaml'], env), { kind: 'run', file: '/my.yaml' })
  t.same(readCommandLine('pvcapid', ['-c', '/my.yaml'], env), { kind: 'run', file: '/my.yaml' })
  t.same(readCommandLine('pvcapid', ['--config=/my.yaml', '--check'], env), { kind: 'check', file: '/my.yaml' })
  t.same(readCommandLine('pvcapid', ['--check', '--strict'], env), { kind: 'check', file: '/env/api.yaml', strict: true })
  t.same(readCommandLine('pvcapid', [], env), { kind: 'run', file: '/env/api.yaml' })
  t.same(readCommandLine('pvcnoded', ['--check'], env), { kind: 'check', file: '/env/node.yaml' })
  t.same(readCommandLine('pvcapid', [], {}), { kind: 'run', file: '/etc/pvc/pvcapid.yaml' })
  t.same(readCommandLine('pvcnoded', [], { PVCNODED_CONFIG_FILE: '' }), { kind: 'run', file: '/etc/pvc/pvcnoded.yaml' })
})

t.test('--version and --help', async (t) => {
  t.same(readCommandLine('pvcapid', ['--version'], {}), { kind: 'version' })
  const help = readCommandLine('pvcnoded', ['--help'], {})
  t.match(help, { kind: 'help', text: /^Usage: pvcnoded/ })
  t.match(help, { text: 'PVCNODED_CONFIG_FILE' })
})

t.test('what excludes each other is refused, and help is always given', async (t) => {
  const refused = (daemon: 'pvcapid' | 'pvcnoded', ...args: string[]) => readCommandLine(daemon, args, {})
  const sentence = (daemon: string, chosen: string) => ({ kind: 'usage_error', message: `${daemon}: ${chosen} exclude each other; give one of them. See ${daemon} --help.`, exitCode: 64 })
  t.same(refused('pvcnoded', '--check', '--release'), sentence('pvcnoded', '--check and --release'))
  t.same(refused('pvcnoded', '--release', '--strict', '--check'), sentence('pvcnoded', '--check and --release'))
  t.same(refused('pvcnoded', '--release', '--version'), sentence('pvcnoded', '--version and --release'))
  t.same(refused('pvcapid', '--version', '--check'), sentence('pvcapid', '--version and --check'))
  t.same(refused('pvcnoded', '--version', '--check', '--release'), sentence('pvcnoded', '--version and --check and --release'))
  t.match(refused('pvcnoded', '--release', '--strict'), { kind: 'usage_error', message: /--strict goes with --check/ })
  t.match(refused('pvcnoded', '--help', '--check', '--release'), { kind: 'help' })
})

for (const [args, message] of [
  [['--confg', 'x'], "pvcapid: Unknown option '--confg'. See pvcapid --help."],
  [['x.yaml'], "pvcapid: Unexpected argument 'x.yaml'. See pvcapid --help."],
  [['--config'], "pvcapid: Option '-c, --config <value>' argument missing. See pvcapid --help."],
  [['--config='], 'pvcapid: --config needs the name of a file. See pvcapid --help.'],
  [['--strict'], 'pvcapid: --strict goes with --check. See pvcapid --help.'],
  [['--check=yes'], "pvcapid: Option '--check' does not take an argument. See pvcapid --help."],
] as Array<[string[], string]>) {
  t.test(`wrong usage: ${args.join(' ')}`, async (t) => {
    t.same(readCommandLine('pvcapid', args, {}), { kind: 'usage_error', message, exitCode: 64 })
  })
}
