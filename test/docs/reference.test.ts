/**
 * The reference pages of docs/ are what the code says, the example files and the schemas know the same settings, and whatever the other pages and the
 * examples name (a setting, a code, a metric, a route, an npm script) exists.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { pvcFormats } from '../../src/runtime/config/pvc-files.ts'
import { answers } from '../../src/zookeeper/client/diagnosis.ts'
import { settingsInExample, settingsOf } from '../../tools/reference/configuration.ts'
import { metricFacts } from '../../tools/reference/metrics.ts'
import { referencePages } from '../../tools/reference/pages.ts'
import { codeSpans, pages } from './support/pages.ts'

const description = readFileSync('openapi/openapi.json', 'utf8')
const { paths } = JSON.parse(description) as { readonly paths: Readonly<Record<string, unknown>> }
const reference = referencePages()
/** A setting and the sections that it stands in; a list of plain texts has no entries of its own. */
const known = (daemon: 'pvcapid' | 'pvcnoded'): ReadonlySet<string> => new Set(settingsOf(daemon).flatMap(({ path }) => {
  const parts = path.split('.')
  return parts.flatMap((_, index) => {
    const section = parts.slice(0, index + 1).join('.')
    return [section, section.replace(/\[\]$/, '')]
  })
}))

t.test('the pages that are made are what the code says', async (t) => {
  for (const [file, text] of reference) t.ok(readFileSync(file, 'utf8') === text, `${file}; else: npm run docs`)
})

t.test('every setting is in its example, and every setting of an example exists', async (t) => {
  for (const daemon of ['pvcapid', 'pvcnoded'] as const) {
    const shown = settingsInExample(readFileSync(`${daemon}.yaml.example`, 'utf8'))
    t.strictSame(settingsOf(daemon).map(({ path }) => path).filter((path) => !shown.has(path)), [], `${daemon}: missing in the example`)
    t.strictSame([...shown].filter((path) => !known(daemon).has(path)), [], `${daemon}: unknown in the example`)
  }
})

t.test('settings are read from an example, commented out or not', async (t) => {
  t.strictSame([...settingsInExample([
    '# Prose: with a colon.', 'a:', '  # b: 1   # why', '  # c:', '  #   d: {e: 1, f: [x]}', '  g:', '    - h: 1', '      i: 2', '    # - {j: 3}', '  # l: {"m": 1} is prose',
  ].join('\n'))], ['a', 'a.b', 'a.c', 'a.c.d', 'a.c.d.e', 'a.c.d.f', 'a.g', 'a.g[]', 'a.g[].h', 'a.g[].i', 'a.g[].j', 'a.l'])
})

// The measurements have names of their own for what they measure.
const written = pages().filter(({ file }) => !reference.has(file) && file !== 'CHANGELOG.md' && !file.startsWith('bench/') && file !== 'docs/scale.md')

t.test('every route that is named exists', async (t) => {
  const patterns = [...Object.keys(paths), '/', '/docs', '/openapi.json'].map((path) => new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`))
  let named = 0
  for (const { file, text } of written) {
    for (const [, path = ''] of text.matchAll(/(?:(?:GET|POST|HEAD|OPTIONS) |\$api|\$PVC_API|:7370)(\/[^\s"'`?,;)|\\]*)/g)) {
      named++
      // A shell's variable stands for a node, or for more of the query.
      const plain = path.replace(/\$node\b/g, 'node').replace(/\$.*$/, '')
      t.ok(patterns.some((pattern) => pattern.test(plain) || pattern.test(`/api/v1${plain}`)), `${file}: ${path}`)
    }
  }
  t.ok(named > 10, `${named} are named`)
})

t.test('every metric that is named exists', async (t) => {
  const metrics = new Set(metricFacts().map(({ name }) => name))
  let named = 0
  for (const { file, text } of written) {
    for (const [name] of text.matchAll(/\bpvc(?:apid)?_[a-z_]+\b/g)) {
      // A series of a histogram, a file in the documentation of HAProxy, and names of HAProxy's own.
      if (file.endsWith('haproxy.cfg')) continue
      named++
      t.ok(metrics.has(name) || metrics.has(name.replace(/_(bucket|sum|count)$/, '')), `${file}: ${name}`)
    }
  }
  t.ok(named > 10, `${named} are named`)
})

t.test('every setting, code and field that is named exists', async (t) => {
  const words = new Set([...reference.values(), description].flatMap((text) => text.match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ?? []))
  const elsewhere = new Set(['primary_node', 'sync_lock', 'fence_lock', 'network_stats', 'node_modules', 'fence_apc',
    // Why there is no session.
    ...Object.keys(answers),
    // PVC's own settings.
    ...JSON.stringify(pvcFormats).match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ?? []])
  for (const { file, text } of written.filter(({ file }) => file.endsWith('.md') && file !== 'examples/keepalived.md')) {
    for (const span of codeSpans(text)) {
      for (const [word] of span.matchAll(/\b[a-z]+(?:_[a-z0-9]+)+\b/g)) t.ok(words.has(word) || elsewhere.has(word), `${file}: ${word}`)
    }
  }
})

t.test('every npm script that is named exists', async (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
  for (const { file, text } of [...written.filter(({ file }) => !file.startsWith('examples/typescript/')), { file: 'CHANGELOG.md', text: readFileSync('CHANGELOG.md', 'utf8') }]) {
    for (const [, name = ''] of text.matchAll(/\bnpm run ([a-z:-]+)/g)) t.ok(name in scripts, `${file}: npm run ${name}`)
  }
})

t.test('every alert has its place in docs/operations.md', async (t) => {
  const alerts = [...readFileSync('examples/prometheus/pvc-alerts.yaml', 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  const told = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^\| `(Pvc\w+)`/gm)].map(([, name]) => name)
  t.strictSame(told, alerts)
})
