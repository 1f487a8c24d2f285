/** A key in the wrong place of a configuration, or in a file that cannot be read as one, is repeated in no message. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { apiConfigSchema } from '../../../src/pvcapid/config/schema.ts'
import { nodeConfigSchema } from '../../../src/pvcnoded/config/schema.ts'
import { problemText } from '../../../src/runtime/config/config-problem.ts'
import { loadConfig, parseConfig } from '../../../src/runtime/config/yaml-config.ts'

const SECRET = 'SECRET-0123456789abcdef'
const token = { description: 'a', role: 'read', token: 'abcdefghijklmnop' }
const documents = [
  { schema: apiConfigSchema, document: { pvc: { coordinators: ['127.0.0.1'], api: { authentication: { enabled: true, tokens: [token, { ...token, role: 'operate' }], client_certificates: [{ subject: 'CN=a', role: 'read' }] } } } }, among: ['pvc', 'api', 'authentication'] },
  { schema: nodeConfigSchema, document: { pvc: { node: 'hv1', mode: 'coordinator', coordinators: ['127.0.0.1'], system: { fencing: { method: 'ipmi', ipmi: { host: '10.0.0.1', username: 'a', password: 'b' } } } } }, among: ['pvc', 'system', 'fencing', 'ipmi'] },
] as const

type Path = ReadonlyArray<string | number>

/** Every place at or below `value`. */
const placesIn = (value: unknown, at: Path): readonly Path[] =>
  [at, ...typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, entry]) => placesIn(entry, [...at, Array.isArray(value) ? Number(name) : name])) : []]

function changed (document: unknown, path: Path, change: (before: unknown) => unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined) return change(document)
  const copy = structuredClone(document) as Record<string | number, unknown>
  copy[first] = changed(copy[first], rest, change)
  return copy
}
const at = (document: unknown, path: Path): unknown => path.reduce<unknown>((value, name) => (value as Record<string | number, unknown>)[name], document)

/** What may stand in the place of a setting by mistake. */
const mistakes: ReadonlyArray<(before: unknown) => unknown> = [
  () => SECRET, () => [SECRET], () => ({ [SECRET]: 'read' }), () => [[SECRET]], () => ({ a: SECRET }),
  (before) => typeof before === 'object' && before !== null && !Array.isArray(before) ? { ...before, [SECRET]: true, tokn: SECRET } : [before, SECRET],
]

t.test('in every place among secrets, and in place of what they stand in', async (t) => {
  let tried = 0
  for (const { schema, document, among } of documents) {
    const above = among.map((_name, index) => among.slice(0, index))
    for (const path of [...above, ...placesIn(at(document, among), among)]) {
      for (const mistake of above.includes(path as never) ? mistakes.slice(0, 2) : mistakes) {
        const { problems } = parseConfig(stringify(changed(document, path, mistake)), 'x.yaml', schema as never, [])
        const said = problems.map(problemText).join('\n')
        t.notMatch(said, SECRET, `${path.join('.')}: ${said}`)
        tried += 1
      }
    }
  }
  t.ok(tried > 100, `${tried} files`)
})

t.test('in what is not even YAML', async (t) => {
  const line = `pvc: {api: {authentication: {tokens: [{token: ${SECRET}}]}}}`
  for (const text of [
    `pvc: *${SECRET}`, `pvc: !${SECRET} x`, `pvc: [${SECRET}`, `pvc: {${SECRET}`, `pvc: "${SECRET}`, `pvc: '${SECRET}`, `pvc: @${SECRET}`, `pvc: |${SECRET}`, `pvc: >-${SECRET}\n x`, `pvc: &${SECRET}: x`, `%${SECRET}\n---\npvc: x`,
    `pvc: a: ${SECRET}`, `pvc: x\n${SECRET}`, `- ${SECRET}\npvc: x`, `pvc: [a] ${SECRET}`, `pvc: {a: b} ${SECRET}`, `"pvc" ${SECRET}`, `pvc: x\n\t${SECRET}: y`, `${SECRET}: 1\n${SECRET}: 2`, `? ${SECRET}\n? ${SECRET}`, `pvc: &a x\n*a ${SECRET}`,
    `${line}\n---\n${line}`, `${line}\n... ${SECRET}`, `pvc: "\\${SECRET}"`, `<<: *${SECRET}`, `pvc: !!${SECRET} x`, `pvc: !<${SECRET} x`, SECRET, `'${SECRET}'`, `[${SECRET}]`,
  ]) {
    const { ok, problems } = parseConfig(text, 'x.yaml', apiConfigSchema, [])
    t.equal(ok, false, text)
    t.notMatch(problems.filter(({ code }) => code !== 'config_unknown').map(problemText).join('\n'), SECRET, text)
  }
})

t.test('in a file that is no UTF-8', async (t) => {
  const file = join(t.testdir(), 'x.yaml')
  const text = `pvc:\n  api: {authentication: {tokens: [{token: ${SECRET}}]}}\n`
  for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from(text, 'utf16le').swap16(), Buffer.from(`\u00e4${text}`, 'latin1')]) {
    writeFileSync(file, bytes)
    const { problems } = loadConfig(file, apiConfigSchema, [])
    t.strictSame(problems.map(({ message }) => message), ['This file is not text in UTF-8. Put the configuration there, or name another file with --config at the start.'])
  }
})

t.test('nesting is bounded before anything recurses over it', async (t) => {
  for (const text of [`pvc: ${'['.repeat(40_000)}`, `pvc: ${'{a: '.repeat(40_000)}`, `pvc:\n  ${'- '.repeat(40_000)}`, `${'? '.repeat(40_000)}`, `pvc: ${'['.repeat(65)}${']'.repeat(65)}`]) {
    t.match(parseConfig(text, 'x.yaml', apiConfigSchema, []).problems, [{ code: 'config_syntax', message: /nests more than 64 levels deep/ }], text.slice(0, 20))
  }
  t.match(parseConfig(`pvc: ${'['.repeat(60)}${']'.repeat(60)}`, 'x.yaml', apiConfigSchema, []).problems, [{ code: 'config_invalid' }])
})
