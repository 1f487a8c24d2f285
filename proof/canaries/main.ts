/**
 * `npm run canaries [NAME…]`, or all but those named by `--except`: each file of `proof/canaries/` is a mistake, as a patch of the source. It is made in a copy of the built tree, and the
 * simulator has to find it by the invariants that it judges everything by, within a number of runs, of which a line `from: SEED` names the first; or, where a line
 * `explore: ARGUMENTS` says so, the exhaustive search, within those bounds. Exits 1 if a mistake survives, or if its patch no longer fits. The first lines of a patch say
 * what the mistake is. `--chaos MINUTES`: a real cluster under fire has to find it instead, which not every mistake shows in that time.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { misused, numberOption, programArguments, type Program } from '../../tools/program-arguments.ts'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'

/** Runs of the simulator that a mistake may live through. */
const RUNS = 600

const root = packageFolder()
const folder = join(root, 'proof', 'canaries')
const program: Program = {
  name: 'npm run canaries',
  options: ['NAME…            these alone', '--except NAME    not this one; may be given several times', '--chaos MINUTES  a real cluster under fire has to find them'],
}
const { values, positionals: wanted } = programArguments(program, { allowPositionals: true, options: { chaos: { type: 'string' }, except: { type: 'string', multiple: true, default: [] } } })
const chaosMinutes = numberOption(program, 'chaos', values.chaos)
const known = readdirSync(folder).filter((name) => name.endsWith('.patch')).map((name) => name.slice(0, -6))
const unknown = [...wanted, ...values.except].find((name) => !known.includes(name))
if (unknown !== undefined) misused(program, `There is no canary "${unknown}" in proof/canaries.`)
const names = known.filter((name) => (wanted.length === 0 || wanted.includes(name)) && !values.except.includes(name))

/** The built tree with the mistake in it, or why there is none. */
function hatch (name: string, nest: string): string | null {
  for (const part of ['dist', 'src', 'proof', 'tools', 'public', 'package.json']) cpSync(join(root, part), join(nest, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(nest, 'node_modules'))
  const patch = join(folder, `${name}.patch`)
  const applied = spawnSync('patch', ['-s', '-p1', '--fuzz=2', '-d', nest, '-i', patch], { encoding: 'utf8' })
  if (applied.status !== 0) return `its patch no longer fits: ${applied.stdout}${applied.stderr}`
  for (const [, file = ''] of readFileSync(patch, 'utf8').matchAll(/^\+\+\+ b\/(\S+)$/gm)) {
    const { outputText } = ts.transpileModule(readFileSync(join(nest, file), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true },
      fileName: file,
    })
    writeFileSync(join(nest, 'dist', file.replace(/\.ts$/, '.js')), outputText)
  }
  return null
}

interface Verdict { readonly caught: boolean, readonly how: string }

function verdict (name: string): Verdict {
  const nest = mkdtempSync(join(tmpdir(), 'canary-'))
  try {
    const broken = hatch(name, nest)
    if (broken !== null) return { caught: false, how: broken }
    if (chaosMinutes !== undefined) return underFire(nest, chaosMinutes)
    const patch = readFileSync(join(folder, `${name}.patch`), 'utf8')
    const bounds = /^explore: (.*)$/m.exec(patch)?.[1]
    return bounds === undefined ? simulated(nest, /^from: (.*)$/m.exec(patch)?.[1] ?? 'canary') : explored(nest, bounds)
  } finally {
    rmSync(nest, { recursive: true, force: true })
  }
}

/** @param nest the tree whose instrument it is */
function instrument (nest: string, name: string, args: readonly string[], timeout = 600_000) {
  return spawnSync(process.execPath, ['--max-old-space-size=8000', join(nest, 'dist', 'proof', name, 'main.js'), ...args], { encoding: 'utf8', timeout, maxBuffer: 2 ** 28 })
}

function simulated (nest: string, from: string): Verdict {
  const { status, stdout, stderr } = instrument(nest, 'simulate', ['--runs', String(RUNS), '--from', from, '--quick'])
  if (status === 0) return { caught: false, how: `it survives ${RUNS} runs` }
  const [, run = '', what = ''] = /^seed \S+-(\d+): (.*)$/m.exec(stdout) ?? []
  if (run !== '' && instrument(root, 'simulate', ['--seed', `${from}-${run}`]).status !== 0) return { caught: false, how: `run ${run} fails without it too` }
  return run === '' ? { caught: false, how: `the simulator itself failed: ${stderr.slice(-300)}` } : { caught: true, how: `run ${run}: ${what}` }
}

function explored (nest: string, bounds: string): Verdict {
  const { status, stdout, stderr } = instrument(nest, 'explore', [...bounds.split(' '), '--quick'])
  if (status === 0) return { caught: false, how: `it survives the search of ${bounds}` }
  // The first violation, and the last of the numbered steps that lead to it.
  const [, what = '', way = ''] = /^(\w.*):\n((?: {2}\d+\. .*\n)+)/m.exec(stdout) ?? []
  return what === '' ? { caught: false, how: `the search itself failed: ${stderr.slice(-300)}` } : { caught: true, how: `after ${way.trim().split('\n').length} steps: ${what}` }
}

function underFire (nest: string, minutes: number): Verdict {
  const { status, stdout, stderr } = instrument(nest, 'chaos', ['--minutes', String(minutes)], (minutes + 5) * 60_000)
  if (status === 0) return { caught: false, how: `it survives ${minutes} minutes under fire` }
  const found = /^VIOLATION .*$|^.* NOT AT REST .*$/m.exec(stdout)?.[0]
  return found === undefined ? { caught: false, how: `the fire itself failed: ${stderr.slice(-300)}` } : { caught: true, how: found.slice(0, 300) }
}

let survivors = 0
for (const name of names) {
  const { caught, how } = verdict(name)
  if (!caught) survivors++
  console.log(`${caught ? 'caught  ' : 'SURVIVES'} ${name.padEnd(44)} ${how}`)
}
console.log(`${names.length - survivors} of ${names.length} caught`)
process.exitCode = survivors === 0 && names.length > 0 ? 0 : 1
