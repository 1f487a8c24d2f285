/**
 * `npm run check`: everything that has to be well before a change lands, in one order, each step named: a build, what reads the sources, then `npm test`, which
 * builds, checks the types, lints and runs every test. The first step that fails ends it. The last line is that of `npm test`, `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const bin = (name) => join('node_modules', '.bin', name)

/** Every shell script of the repository, by its first line. */
function shellScripts () {
  const folders = ['.ci', 'proof', 'tools', 'examples', 'packaging', 'bench', 'test'].filter((folder) => readdirSync('.').includes(folder))
  return folders.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    .filter((file) => !file.includes('node_modules') && statSync(file).isFile() && /^#!.*\b(?:sh|bash)\b/.test(readFileSync(file, 'latin1').split('\n', 1)[0] ?? ''))
}

const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
const steps = [
  ['set-up', 'sh', ['tools/setup.sh', 'shellcheck']],
  // The tests' own build checks the types.
  ['build', 'npm', ['run', '--silent', 'build', '--', '--noCheck']],
  ['shell scripts', 'shellcheck', () => shellScripts()],
  ['unused exports, files and dependencies', bin('knip'), ['--no-progress', '--no-config-hints']],
  ['OpenAPI description', bin('redocly'), ['lint', 'openapi/openapi.json']],
  ['npm package', bin('publint'), ['--strict']],
  ['tests', 'npm', ['test', '--silent']],
]

for (const [name, program, args] of steps) {
  console.log(`check: ${name}`)
  const began = performance.now()
  const { status, error } = spawnSync(program, typeof args === 'function' ? args() : args, { stdio: 'inherit', env: { ...process.env, ...quiet } })
  if (status !== 0) {
    console.error(`check: ${name} failed${error === undefined ? '' : `: ${error.message}`}`)
    process.exit(1)
  }
  if (name !== 'tests') console.log(`check: ${name}: well, ${((performance.now() - began) / 1000).toFixed(1)} s`)
}
