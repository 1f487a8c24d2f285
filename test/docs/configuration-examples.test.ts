/** The example configurations: a commented setting that shows a default shows the true one, and each commented block may be put in as it stands. */
import t from 'tap'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { loadApiConfig } from '../../src/pvcapid/config/config.ts'
import { apiConfigSchema } from '../../src/pvcapid/config/schema.ts'
import { loadNodeConfig } from '../../src/pvcnoded/config/config.ts'
import { nodeConfigSchema } from '../../src/pvcnoded/config/schema.ts'
import { actions } from '../../src/pvcnoded/resources/resource.ts'

interface SchemaNode { readonly properties?: Readonly<Record<string, SchemaNode>>, readonly items?: SchemaNode, readonly anyOf?: readonly SchemaNode[], readonly default?: unknown }

/** A setting behind a comment sign: its line, where its name begins, its name and the rest. Prose has no name with a colon behind it. */
const COMMENTED = /^( *)#( +)(- )?([a-z_0-9]+):(?: (.*))?$/
const LIST_ENTRY = /^( *)#( +)- \{/

interface Line { readonly text: string, readonly path: readonly string[], readonly isCommented: boolean, readonly value: string | undefined, readonly remark: string }

/** Each setting with its path, which indentation gives. */
function settings (lines: readonly string[]): ReadonlyArray<Line | null> {
  const open: Array<readonly [column: number, name: string]> = []
  return lines.map((text) => {
    const match = /^( *(?:# +)?(?:- )?)([a-z_0-9]+):(?: +(.*))?$/.exec(text)
    if (match === null) return null
    const [, before = '', name = '', rest = ''] = match
    while ((open.at(-1)?.[0] ?? -1) >= before.replace('# ', '').length) open.pop()
    open.push([before.replace('# ', '').length, name])
    const [, value = '', remark = ''] = /^(.*?)(?:(?:^| +)#(.*))?$/.exec(rest) ?? []
    return { text, path: open.map(([, each]) => each), isCommented: before.includes('#'), value: value === '' ? undefined : value, remark }
  })
}

/** The schemas of a path; of a list of several kinds of entries, several. */
function schemasAt (schema: SchemaNode, path: readonly string[]): readonly SchemaNode[] {
  const [first, ...rest] = path
  const kinds = [schema, ...schema.anyOf ?? [], ...schema.items === undefined ? [] : [schema.items, ...schema.items.anyOf ?? []]]
  return first === undefined ? [schema] : kinds.flatMap((kind) => kind.properties?.[first] === undefined ? [] : schemasAt(kind.properties[first], rest))
}

/** Blocks of commented settings, by their lines: each begins with one of the outermost level. */
function blocks (lines: readonly string[]): ReadonlyArray<readonly number[]> {
  const found: number[][] = []
  lines.forEach((line, index) => {
    const match = COMMENTED.exec(line)
    if (match === null && !LIST_ENTRY.test(line)) return
    if (match === null || match[2]?.length === 1) found.push([])
    found.at(-1)?.push(index)
  })
  return found
}

for (const [file, schema, load] of [['pvcnoded.yaml.example', nodeConfigSchema, loadNodeConfig], ['pvcapid.yaml.example', apiConfigSchema, loadApiConfig]] as const) {
  const lines = readFileSync(file, 'utf8').split('\n')

  t.test(`${file}: defaults`, async (t) => {
    let compared = 0
    for (const setting of settings(lines)) {
      if (setting === null) continue
      const schemas = schemasAt(schema as SchemaNode, setting.path)
      t.ok(schemas.length > 0, `${setting.path.join('.')} is a setting`)
      const defaults = schemas.filter((each) => each.default !== undefined).map((each) => each.default)
      const shown = setting.isCommented ? setting.value : /\bdefault:? ([^;, ]+)/.exec(setting.remark)?.[1]
      if (shown === undefined || defaults.length === 0 || /^[[{]?\//.test(shown) || /no default|none by default|unless given|method none only|method: (?:command|ipmi)/.test(`${setting.remark} ${setting.text}`) || /^none\b/.test(shown)) continue
      compared += 1
      t.ok(defaults.some((each) => isDeepStrictEqual(each, parse(shown))), `${setting.path.join('.')}: ${shown} is the default ${JSON.stringify(defaults)}`)
    }
    t.ok(compared > 10, `${compared} defaults`)
  })

  t.test(`${file}: each commented block, put in`, async (t) => {
    const folder = t.testdir()
    const all = blocks(lines)
    t.ok(all.length > 2)
    for (const block of all) {
      // Client certificates need the authorities that verify them.
      const more = block.some((index) => lines[index]?.includes('client_certificates:')) ? all.find((other) => other.some((index) => lines[index]?.includes('client_ca_file:'))) ?? [] : []
      const put = new Set([...block, ...more])
      const path = join(folder, 'it.yaml')
      writeFileSync(path, lines.map((line, index) => put.has(index) ? line.replace('# ', '').replace('enabled: false', more.length > 0 ? 'enabled: true' : 'enabled: false') : line).join('\n'))
      chmodSync(path, 0o600)
      t.strictSame(load(path).problems.filter(({ message }) => !/^\/etc\/pvc\/\S+ does not exist/.test(message)).map(({ path: setting, message }) => `${setting}: ${message}`), [], block.map((index) => lines[index]?.trim()).join('\n'))
    }
  })
}

t.test('docs/configuration.md has every value of PVC_ACTION', async (t) => {
  const [, list = ''] = /`PVC_ACTION` \(([^)]*)\)/.exec(readFileSync('docs/configuration.md', 'utf8')) ?? []
  for (const action of [...actions, 'fence', 'probe', 'recover', 'flush', 'unflush', 'collect']) t.ok(list.includes(`\`${action}\``), action)
})
