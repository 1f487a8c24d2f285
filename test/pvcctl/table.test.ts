/** The table of commands, and everything that is made of it: parsing, help, man page, reference page and completions name the same commands and options. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { completionScript, type Shell } from '../../src/pvcctl/cli/completion.ts'
import { helpText } from '../../src/pvcctl/cli/help.ts'
import { parse } from '../../src/pvcctl/cli/parse.ts'
import { choices, commands, exitStatuses, globalOptions, settings } from '../../src/pvcctl/cli/table.ts'
import { runs } from '../../src/pvcctl/commands/index.ts'
import { schema } from '../../src/pvcctl/config/schema.ts'
import { Failure } from '../../src/pvcctl/output/failure.ts'
import { pvcctlFiles } from '../../tools/reference/pvcctl.ts'

const folder = mkdtempSync(join(tmpdir(), 'pvcctl-table-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const everyOption = [...globalOptions, ...commands.flatMap(({ options }) => options)]

t.test('the table itself', async (t) => {
  t.strictSame(commands.map(({ name }) => name).filter((name) => name !== 'completion').sort(), Object.keys(runs).sort(), 'each command is run by something')
  for (const { name, options } of commands) {
    const names = [...globalOptions, ...options].flatMap((option) => [option.name, ...option.short === undefined ? [] : [option.short]])
    t.equal(new Set(names).size, names.length, `${name}: each option once`)
  }
  for (const { options } of commands) for (const { name, excludes = [] } of options) t.ok(excludes.every((each) => [...globalOptions, ...options].some((option) => option.name === each)), `${name} excludes options that there are`)
  // Options are parsed once before the command is known.
  for (const { name, value, short } of everyOption) t.strictSame(everyOption.filter((each) => each.name === name).map((each) => [each.value === undefined, each.short]), everyOption.filter((each) => each.name === name).map(() => [value === undefined, short]), `--${name} is of one form`)
  const statuses = Object.values(exitStatuses).map(([status]) => status)
  t.equal(new Set(statuses).size, statuses.length)
  t.strictSame(settings.map(({ name }) => name), Object.keys((schema as unknown as { readonly properties: object }).properties), 'settings are those of the file')
  for (const { option } of settings) t.ok(option === null || globalOptions.some(({ name }) => name === option), option ?? '')
})

t.test('what is made of it names every command and option', async (t) => {
  const files = pvcctlFiles()
  const man = (files.get('packaging/man/pvcctl.1') ?? '').replaceAll('\\-', '-')
  const pages = { man, reference: files.get('docs/pvcctl-reference.md') ?? '', bash: completionScript('bash'), zsh: completionScript('zsh') }
  for (const [name, text] of Object.entries(pages)) {
    t.strictSame(commands.filter((command) => !text.includes(command.name)).map((command) => command.name), [], `${name}: commands`)
    t.strictSame(everyOption.filter((option) => !text.includes(`--${option.name}`)).map((option) => option.name), [], `${name}: options`)
  }
  const fish = completionScript('fish')
  t.strictSame(everyOption.filter(({ name }) => !fish.includes(` -l ${name} `)).map(({ name }) => name), [], 'fish: options')
  for (const { name } of commands) t.ok(fish.includes(` -a ${name} `), `fish: ${name}`)
  for (const { name } of commands) t.match(helpText(null), new RegExp(`^  ${name} `, 'm'))
  for (const { name } of globalOptions) t.match(helpText(null), new RegExp(`--${name}\\b`))
  for (const command of commands) for (const { name } of command.options) t.match(helpText(command), new RegExp(`^ .*--${name}\\b`, 'm'), `help of ${command.name}: --${name}`)
  for (const line of [null, ...commands].flatMap((command) => helpText(command).split('\n'))) t.ok(line.length <= 96, line)
  for (const [status, meaning] of Object.values(exitStatuses)) for (const [name, text] of Object.entries({ man, reference: pages.reference })) t.ok(text.includes(meaning) && text.includes(String(status)), `${name}: ${status}`)
})

t.test('arguments', async (t) => {
  const run = (...args: string[]) => {
    const invocation = parse(args)
    if (invocation.kind !== 'run') throw new Error(invocation.kind)
    return invocation
  }
  const { command, given } = run('--api', 'http://a', '-v', 'switch', '--to', 'hv2', '--api', 'https://b/pvc', '-w', '--timeout', '2.5')
  t.strictSame([command.name, given.text('to'), given.flag('wait'), given.flag('dry-run'), given.number('timeout'), given.list('api'), given.text('from')], ['switch', 'hv2', true, false, 2.5, ['http://a', 'https://b/pvc'], undefined])
  t.equal(run('show', '17').given.number('EPOCH'), 17)
  t.equal(run('confirm-fence', 'hv1').given.text('NODE'), 'hv1')
  t.strictSame(parse(['--help']), { kind: 'help', command: null })
  t.strictSame(parse(['switch', '-h', '--nonsense']), { kind: 'help', command: commands.find(({ name }) => name === 'switch') })
  t.strictSame(parse(['--version']), { kind: 'version' })
  const wrong: ReadonlyArray<readonly [args: readonly string[], message: RegExp]> = [
    [[], /No command was given/], [['lists'], /no command "lists"; did you mean "list"\?/], [['swithc'], /did you mean "switch"\?/], [['nowhere'], /no command "nowhere"; there are list, /], [['list', 'more'], /"more" is one argument too many/], [['show'], /needs EPOCH/], [['show', 'x'], /has to be an epoch/],
    [['switch', '--to'], /--to/], [['switch', '--to', ''], /--to is empty/], [['switch', '--to', 'a/b'], /has to be the name of a node/], [['switch', '--to', 'a', '--to', 'b'], /--to is given 2 times/],
    [['switch', '--timeout', '0'], /above 0/], [['switch', '--nonsense'], /^Unknown option '--nonsense'\. See/], [['switch', '--form', 'a'], /^Unknown option '--form'; did you mean "--from"\? See pvcctl switch --help/], [['--apii', 'http://a', 'list'], /^Unknown option '--apii'; did you mean "--api"\?/], [['list', '--jsno=secret'], /^Unknown option '--jsno'; did you mean "--json"\?/], [['list', '--wait'], /--wait/], [['history', '--limit', '1001'], /from 1 to 1000/], [['--api', 'hv1:7370', 'list'], /http:\/\/hv1:7370/],
    [['watch', '--event', 'x'], /one of node, primary/], [['--nonsense'], /--nonsense/],
    [['list', '--quiet', '--json'], /^--quiet and --json exclude each other; give one of them/], [['--json', 'watch', '--exec', 'x'], /--exec and --json exclude/], [['switch', '--wait', '--to', 'a', '-n'], /--dry-run and --wait exclude/], [['completion', 'tcsh'], /one of bash, zsh, fish/], [['list', '--key', 'secret'], /--key/],
  ]
  for (const [args, message] of wrong) {
    t.throws(() => parse(args), { name: 'Failure', ending: 'usage', message }, args.join(' '))
    t.throws(() => parse(args), { message: / See pvcctl .*--help\.$/ })
  }
  t.equal(new Failure('usage', '').status, 2)
})

t.test('completion scripts are sound where their shell is installed', async (t) => {
  for (const shell of choices.shell as readonly Shell[]) {
    if (spawnSync(shell, ['-c', 'true']).error !== undefined) {
      t.comment(`${shell} is not installed`)
      continue
    }
    const file = join(folder, `pvcctl.${shell}`)
    writeFileSync(file, completionScript(shell))
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
    t.strictSame([status, stderr], [0, ''], shell)
  }
})

t.test('zsh and fish complete a value behind a sign', async (t) => {
  for (const { name, value } of everyOption) t.equal(completionScript('zsh').includes(`--${name}=[`), value !== undefined, `zsh: --${name}`)
  t.match(completionScript('fish'), /string match -qr -- '\^--\(api\|config\|[a-z|-]+\)=' \$words\[\$index\]/, 'fish completes it by itself, and asks the API that the line names')
})

t.test('bash completes commands, options, choices and nodes', async (t) => {
  const fake = join(folder, 'pvcctl')
  writeFileSync(fake, '#!/bin/sh\necho "$*" > "$0.asked"\nprintf "hv1\\nhv2\\nother\\n"\n')
  chmodSync(fake, 0o755)
  const completed = (line: string, ...wordBreaks: readonly string[]) => execFileSync('bash', ['-c', `${completionScript('bash')}\nCOMP_WORDBREAKS=\${2-$COMP_WORDBREAKS} COMP_LINE=$1 COMP_POINT=\${#1}; _pvcctl; echo "\${COMPREPLY[@]}"`, 'bash', line, ...wordBreaks], { encoding: 'utf8', env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` } }).trim().split(' ')
  t.strictSame(completed('pvcctl s'), ['status', 'switch', 'show'])
  t.strictSame(completed('pvcctl switch --t'), ['--to', '--timeout'])
  t.strictSame(completed('pvcctl --api http://hv1:7370 --api=http://hv2 switch --to hv'), ['hv1', 'hv2'])
  t.equal(readFileSync(`${fake}.asked`, 'utf8'), '--api http://hv1:7370 --api=http://hv2 list --quiet\n', 'it asks the API that the line names')
  t.strictSame(completed('pvcctl --api=http://hv2 switch --to=hv'), ['hv1', 'hv2'], 'a value behind a sign')
  t.equal(readFileSync(`${fake}.asked`, 'utf8'), '--api=http://hv2 list --quiet\n')
  t.strictSame(completed('pvcctl switch --to=hv', ' '), ['--to=hv1', '--to=hv2'], 'where a sign breaks no word')
  t.strictSame(completed('pvcctl switch --force='), ['health', 'priority', 'resources'])
  t.strictSame(completed('pvcctl watch --event=p'), ['primary'])
  t.strictSame(completed('pvcctl confirm-fence o'), ['other'])
  t.strictSame(completed('pvcctl watch --event p'), ['primary'])
  t.strictSame(completed('pvcctl completion '), ['bash', 'zsh', 'fish'])
  t.strictSame(completed('pvcctl list '), ['--quiet', '-q', ...globalOptions.flatMap(({ name, short }) => [`--${name}`, ...short === undefined ? [] : [`-${short}`]])])
})
