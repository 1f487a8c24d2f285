/**
 * What `npm test` runs after the set-up: build (which checks the types), lint and the graph of imports, then the tests, as they were built, under tap. The tests of
 * the pure core must cover all of it, line and branch; a file of the core that no test loads counts as uncovered. With arguments
 * (`npm test -- test/runtime/log/log.test.ts`) it builds and runs only those test files.
 *
 * The last line is `N passed, N failed`, from tap's own count of assertions. A build, lint or graph of imports that fails, missing
 * coverage, and a skipped or unfinished (todo) test each make the run fail.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import ts from 'typescript'

/** Where sources are. */
const sources = ['src', 'routes', 'schemas', 'proof', 'tools', 'test', 'bench']

/** Test files at a time beside those of the core, which compute: these wait most of their time, for sessions to end, for locks, for processes. */
const WAITING = 4

/** Tests of src/core alone. */
const coreTests = ['test/core/', 'test/scenarios/']
const notCore = ['src/!(core)/**', 'routes/**', 'schemas/**', 'proof/**', 'tools/**', 'test/**']

function files (folder, suffix) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name)).filter((name) => name.endsWith(suffix)).sort()
}

/** Those that take longest begin first, so that none of them runs alone at the end. */
const longest = ['test/pvcapid/services/zookeeper-loss', 'test/end-to-end/switchover/pvc-peer', 'test/simulate', 'test/pvcapid/http/siege', 'test/pvcapid/access/client-certificates', 'test/pvcctl/cluster', 'test/pvcapid/http/', 'test/end-to-end/switchover/', 'test/end-to-end/', 'test/pvcapid/']
const rank = (file) => (longest.findIndex((start) => file.startsWith(start)) + longest.length + 1) % (longest.length + 1)
const longestFirst = (all) => all.toSorted((one, other) => rank(one) - rank(other))

/** What the build makes of a source. */
const built = (file) => join('dist', file.replace(/\.ts$/, '.js'))

/** Ends the run with the counts as the last line. */
function finish ({ passed, failed }) {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 && passed > 0 ? 0 : 1)
}

/** Runs steps at the same time; a failed one counts as one failure. */
async function steps (...all) {
  const failed = await Promise.all(all.map(async ([name, program, ...args]) => {
    console.log(`test: ${name}`)
    const [status] = await once(spawn(join('node_modules', '.bin', program), args, { stdio: 'inherit' }), 'close')
    if (status !== 0) console.error(`test: ${name} failed.`)
    return status === 0 ? 0 : 1
  }))
  return { passed: 0, failed: failed.reduce((sum, one) => sum + one, 0) }
}

/** Without a build there is nothing to test. */
async function build () {
  console.log('test: build')
  const [status] = await once(spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }), 'close')
  if (status === 0) return
  console.error('test: build failed.')
  finish({ passed: 0, failed: 1 })
}

/**
 * Runs test files under tap, and says how each ended as it ends, a failed one with everything it said. The counts are tap's own; a tap that
 * failed without a failed assertion counts as one failure.
 */
async function tap (name, tests, options) {
  if (tests.length === 0) return { passed: 0, failed: 0 }
  console.log(`test: ${name}`)
  const child = spawn(join('node_modules', '.bin', 'tap'), ['--no-color', '--reporter=tap', ...options, ...tests.map(built)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => { child.once('exit', resolve) })
  let summary
  let said = []
  for await (const line of createInterface({ input: child.stdout })) {
    summary = /^# \{ (total: .*) \}$/.exec(line)?.[1] ?? summary
    said.push(line)
    const file = /^(ok|not ok) \d+ - (\S+)/.exec(line)
    if (file === null) continue
    console.log(file[1] === 'ok' ? line : said.filter((each) => !/^\s+ok \d/.test(each)).join('\n'))
    said = []
  }
  const status = await exited
  if (summary === undefined) {
    console.error(`test: ${name}: tap ended (status ${status}) without a summary.\n${said.join('\n')}`)
    return { passed: 0, failed: 1 }
  }
  const count = (word) => Number(new RegExp(`\\b${word}: (\\d+)`).exec(summary)?.[1] ?? 0)
  const unrun = count('skip') + count('todo')
  if (unrun > 0) console.error(`test: ${name}: ${count('skip')} skipped, ${count('todo')} todo; a test that does not run counts as failed.`)
  const failed = count('fail') + unrun
  if (status !== 0 && failed === 0) console.error(`test: ${name}: every test passed, but tap ended with status ${status}.`)
  return { passed: count('pass'), failed: status === 0 ? failed : Math.max(failed, 1) }
}

const coverage = () => JSON.parse(readFileSync('.tap/report/coverage-summary.json', 'utf8'))

/** Says which files the tests of the core do not cover completely: tap's status alone does not. */
function sayUncovered () {
  for (const [file, counts] of Object.entries(coverage())) {
    const missing = ['lines', 'branches', 'functions'].filter((each) => counts[each].covered < counts[each].total)
    if (file !== 'total' && missing.length > 0) console.error(`test: the tests of the core do not cover all ${missing.join(' and ')} of ${relative('.', file)}.`)
  }
}

/** The files of the core which hold code and were loaded by none of its tests. */
function unloadedCore () {
  const report = coverage()
  const isCode = (file) => ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: { module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, removeComments: true } })
    .outputText.replace(/export \{\};?/g, '').trim() !== ''
  return files('src/core', '.ts').filter((file) => !(resolve(file) in report) && isCode(file))
}

const only = process.argv.slice(2)
await build()
if (only.length > 0) {
  finish(await tap('chosen tests', only, []))
}

const tests = files('test', '.test.ts')
const isCore = (file) => coreTests.some((folder) => file.startsWith(folder))
const results = [
  ...await Promise.all([
    steps(['lint', 'eslint', '.'], ['imports', 'depcruise', '--config', '.dependency-cruiser.cjs', ...sources]),
    tap('core', tests.filter(isCore), ['--no-disable-coverage', '--coverage-report=text', '--coverage-report=json-summary', ...notCore.map((glob) => `--coverage-exclude=${glob}`)]),
  ]),
  await tap('everything else', longestFirst(tests.filter((file) => !isCore(file))), [`--jobs=${WAITING}`]),
]
if (tests.some(isCore)) {
  sayUncovered()
  const unloaded = unloadedCore()
  if (unloaded.length > 0) {
    console.error(`test: no test of the core loads ${unloaded.join(', ')}; the core must be covered completely.`)
    results.push({ passed: 0, failed: unloaded.length })
  }
}
finish(results.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), { passed: 0, failed: 0 }))
