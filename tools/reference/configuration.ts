/**
 * docs/configuration.md: every setting of both daemons, from the schemas that the files are checked by, and the rules between settings; and the
 * settings as the example files have them, so that a test can compare the two.
 */
import { parse } from 'yaml'
import { apiConfigSchema } from '../../src/pvcapid/config/schema.ts'
import { apiRelations } from '../../src/pvcapid/config/rules.ts'
import { nodeRelations } from '../../src/pvcnoded/config/rules.ts'
import { nodeConfigSchema } from '../../src/pvcnoded/config/schema.ts'
import { code, page, table } from './markdown.ts'

/** A schema as the plain JSON Schema that it is. */
interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly description?: string
  readonly form?: string
  readonly unit?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly discriminator?: string
}

interface Setting {
  /** As `pvc.coordinator.resources[].name`. */
  readonly path: string
  readonly schema: SchemaNode
  readonly required: boolean
  /** The kinds of resource that have it; empty where that makes no difference. */
  readonly kinds: readonly string[]
}

/** Every setting that can be written, sections left out; those of several variants are merged. */
export function settingsOf (daemon: 'pvcapid' | 'pvcnoded'): readonly Setting[] {
  const found: Setting[] = []
  walk(found, '', (daemon === 'pvcapid' ? apiConfigSchema : nodeConfigSchema) as SchemaNode, true, [])
  const merged = new Map<string, Setting>()
  for (const setting of found) {
    const same = merged.get(setting.path)
    merged.set(setting.path, same === undefined ? setting : { ...same, schema: bothOf(same.schema, setting.schema), kinds: [...same.kinds, ...setting.kinds] })
  }
  return [...merged.values()]
}

/** One setting of two variants; what tells the variants apart takes either's value. */
const bothOf = (one: SchemaNode, other: SchemaNode): SchemaNode => one.const === undefined && one.enum === undefined
  ? one
  : { ...one, enum: [...one.enum ?? [one.const], ...other.enum ?? [other.const]], description: 'What kind of resource it is.' }

function walk (found: Setting[], path: string, schema: SchemaNode, required: boolean, kinds: readonly string[]): void {
  const { properties, items, anyOf, discriminator } = schema
  if (properties !== undefined) {
    for (const [name, property] of Object.entries(properties)) walk(found, path === '' ? name : `${path}.${name}`, property, schema.required?.includes(name) === true && property.default === undefined, kinds)
    return
  }
  if (discriminator !== undefined) {
    for (const variant of anyOf ?? []) walk(found, path, variant, required, [String(variant.properties?.[discriminator]?.const)])
    return
  }
  found.push({ path, schema, required, kinds })
  if (items?.properties !== undefined || items?.discriminator !== undefined) walk(found, `${path}[]`, items, required, kinds)
}

function typeOf (schema: SchemaNode): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ')
  switch (schema.type) {
    case 'array': return schema.items?.type === 'string' ? 'list of texts' : 'list'
    case 'string': return schema.form ?? 'text'
    case 'boolean': return '`true`, `false`'
    default: return numberType(schema)
  }
}

function numberType ({ type, unit, minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const noun = unit === 's' ? 'seconds' : type === 'integer' ? 'whole number' : 'number'
  const from = exclusiveMinimum === undefined ? minimum === undefined ? '' : `, at least ${minimum}` : `, more than ${exclusiveMinimum}`
  return `${noun}${from}${maximum === undefined ? '' : `, at most ${maximum}`}`
}

function defaultOf ({ schema, required }: Setting): string {
  if (schema.default !== undefined) return code(Array.isArray(schema.default) ? '[]' : String(schema.default))
  return required ? 'must be given' : 'none'
}

function settingsTable (daemon: 'pvcapid' | 'pvcnoded', kinds: readonly string[]): string {
  return table(['setting', 'value', 'default', 'what it is'], settingsOf(daemon).map((setting) => {
    const only = setting.kinds.length > 0 && setting.kinds.length < kinds.length ? ` (${setting.kinds.map(code).join(', ')} only)` : ''
    return [code(setting.path), typeOf(setting.schema), defaultOf(setting), `${setting.schema.description ?? ''}${only}`]
  }))
}

const rulesTable = (relations: ReadonlyArray<{ readonly reads: readonly string[], readonly rule: string }>) =>
  table(['rule', 'settings'], relations.map(({ rule, reads }) => [rule, reads.map(code).join(', ')]))

export function configurationPage (): string {
  const kinds = [...new Set(settingsOf('pvcnoded').flatMap((setting) => setting.kinds))]
  return page('Configuration', 'the schemas in src/pvcapid/config/config.ts and src/pvcnoded/config/config.ts',
    'Two YAML files, by default `/etc/pvc/pvcapid.yaml` and `/etc/pvc/pvcnoded.yaml`; another is named with `--config`, or in `PVCAPID_CONFIG_FILE` and `PVCNODED_CONFIG_FILE`. Durations are seconds, and may be fractions unless a whole number is asked for. `[]` stands for each entry of a list. `--check` names every error in a file at once, with line and column; rules between settings are judged once those that they read are right by themselves.',
    '[pvcapid.yaml.example](../pvcapid.yaml.example) and [pvcnoded.yaml.example](../pvcnoded.yaml.example) have every setting in its place.',
    '## pvcapid', settingsTable('pvcapid', kinds),
    '### Rules between its settings', rulesTable(apiRelations),
    'SIGHUP has pvcapid read its keys, certificates (those of clients and their authorities included), `min_version` and log level again; anything else waits for a restart, `hostnames`, `allowed_origins` and `trusted_proxies` included. A file that cannot be used changes nothing, nor does one that would leave the API weaker: authentication or HTTPS off, no keys or no client certificates where there were some, an older `min_version`, no `client_ca_file` or `require_client_certificate` where it was in force, a new key in clear text of fewer than 16 characters, or a last line that is cut. The log says which, as an error. The configuration and every file that it names have to be regular files of at most 1 MiB.',
    '## pvcnoded', settingsTable('pvcnoded', kinds),
    '### Rules between its settings', rulesTable(nodeRelations),
    'Commands are run without a shell, each in a process group of its own, with `PVC_NODE`, `PVC_ACTION` (`acquire`, `release`, `check` and `ready` for a resource, `fence`, `probe` and `recover` for fencing, `flush` and `unflush` for domains, `collect` for a collector), `PVC_RESOURCE` for a resource, and `PVC_EPOCH` in their environment. `PVC_EPOCH` only grows: what a command guards can refuse an epoch older than one it has seen. It is not set outside a switchover (at the start, and with `--release`), nor for `ready`.')
}

/** The settings that an example file shows, commented out or not, as paths of `settingsOf` and of the sections they stand in. */
export function settingsInExample (text: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open: Array<{ readonly indent: number, readonly path: string }> = []
  for (const line of text.split('\n')) {
    const match = /^( *)(?:# )?( *)((?:- )*)(?:([a-z_0-9]+):(?: +(.*))?|(\{.*\}) *(?:#.*)?)$/.exec(line)
    if (match === null) continue
    const [, before = '', inside = '', dashes = '', name, value = '', flow = ''] = match
    const indent = before.length + inside.length
    while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop()
    const parent = open.at(-1)?.path ?? ''
    const list = dashes === '' ? parent : `${parent}[]`
    if (dashes !== '') {
      found.add(list)
      open.push({ indent, path: list })
    }
    const here = name === undefined ? list : list === '' ? name : `${list}.${name}`
    found.add(here)
    if (name !== undefined) open.push({ indent: indent + dashes.length, path: here })
    const inner = /^([[{].*[\]}]) *(?:#.*)?$/.exec(name === undefined ? flow : value)?.[1]
    if (inner !== undefined) for (const path of pathsIn(parse(inner), here)) found.add(path)
  }
  return found
}

function pathsIn (value: unknown, at: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => pathsIn(entry, `${at}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [`${at}.${name}`, ...pathsIn(inner, `${at}.${name}`)])
}
