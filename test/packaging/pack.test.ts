/** `npm pack` holds what runs, and nothing else: every file that the programs load, no test, no source map, nothing compiled from a source that is gone. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const [packed] = Object.values(JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as Record<string, { readonly files: ReadonlyArray<{ readonly path: string }> }>)
const files = (packed?.files ?? []).map(({ path }) => path).sort()
const compiled = files.filter((file) => file.startsWith('dist/'))

t.test('what is not compiled', async (t) => {
  t.strictSame(files.filter((file) => !file.startsWith('dist/')), [
    'LICENSE', 'README.md', 'libexec/neighbour', 'package.json', 'patches/zookeeper.patch', 'public/status.css', 'public/status.html', 'public/status.js',
    'public/status/actions.js', 'public/status/api.js', 'public/status/buttons.js', 'public/status/cluster.js', 'public/status/dom.js', 'public/status/forms.js', 'public/status/model.js', 'public/status/moment.js', 'public/status/nodes-view.js', 'public/status/past-view.js', 'public/status/past.js', 'public/status/summary-view.js', 'public/status/times.js',
    'pvcapid.yaml.example', 'pvcnoded.yaml.example', 'tools/patch-client.sh',
  ])
})

t.test('what is compiled has a source, and is loaded by a program', async (t) => {
  t.strictSame(compiled.filter((file) => !existsSync(file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))), [], 'else: remove dist and build again')
  const loaded = new Set<string>()
  const load = (file: string): void => {
    if (loaded.has(file)) return
    loaded.add(file)
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import) ['"](\.{1,2}\/[^'"]+)['"]/g)) load(normalize(join(dirname(file), target)))
  }
  load('dist/src/pvcapid/main.js')
  load('dist/src/pvcnoded/main.js')
  load('dist/src/pvcctl/main.js')
  const isEmpty = (file: string) => /^(?:\/\*[\s\S]*?\*\/\s*|\/\/.*\s*)*export \{\};\s*(?:\/\/.*\s*)?$/.test(readFileSync(file, 'utf8'))
  t.strictSame(compiled.filter((file) => !loaded.has(file) && !isEmpty(file)), [], 'nobody loads it, and it holds more than types')
  t.strictSame([...loaded].filter((file) => !files.includes(file)), [], 'missing')
})

t.test('the dependencies are what the sources import', async (t) => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> }
  const imported = new Set(compiled.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/(?:from |import |createRequire\(import\.meta\.url\)\()['"]([^.'"][^'"]*)['"]/g)].map(([, name = '']) => name))
    .filter((name) => !name.startsWith('node:')).map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')))
  t.strictSame([...imported].sort(), Object.keys(dependencies).sort())
})
