/**
 * Checks a plain value against a TypeBox schema and says in sentences what is wrong with it.
 *
 * Guarantees: every violation is found, not only the first few; in a union told apart by a field (schema option
 * `discriminator`) the chosen variant alone is judged. Understands the schema kinds that the configurations use; the
 * sentence for any other keyword is TypeBox's own.
 * Schema options it reads besides JSON Schema's: `discriminator` (field name), `form` (what a pattern asks for, in words),
 * `unit` (shown behind numbers), `secret` (the value is never repeated in a message), `holdsSecrets` (nothing in the section is).
 */
import type { TSchema } from 'typebox'
import { Errors } from 'typebox/schema'
import { Settings } from 'typebox/system'
import { nearest } from './config-problem.ts'
import type { ConfigProblemCode, Segment } from './config-problem.ts'

/** One violation; `path` is a missing or unknown setting's own. */
export interface Violation {
  readonly code: ConfigProblemCode
  readonly path: readonly Segment[]
  readonly message: string
}

/** A schema as the plain JSON Schema object that it is. */
interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly prefixItems?: readonly SchemaNode[]
  readonly anyOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly discriminator?: string
  readonly description?: string
  readonly form?: string
  readonly unit?: string
  readonly secret?: boolean
  readonly holdsSecrets?: boolean
}

type SchemaError = ReturnType<typeof Errors>[1][number]

/** Far more violations than a file by hand can have. */
const mostViolations = 10_000

/**
 * Fills in the defaults and checks. The result's `value` has the schema's type if there are no violations; the input is
 * left as it is.
 */
export function checkValue (schema: TSchema, input: unknown): { value: unknown, violations: Violation[] } {
  const value = withDefaults(schema as SchemaNode, input)
  const chosen = chooseVariants(schema as SchemaNode, value)
  const kept = Settings.Get().maxErrors
  Settings.Set({ maxErrors: mostViolations })
  try {
    const [, errors] = Errors(chosen, value)
    return { value, violations: errors.flatMap((error) => explain(chosen, value, error)) }
  } finally {
    Settings.Set({ maxErrors: kept })
  }
}

/** The schema to judge `value` by: the variant that it names if the schema is a discriminated union, else the schema itself. */
function variantOf (schema: SchemaNode, value: unknown): SchemaNode {
  const { discriminator: field, anyOf } = schema
  if (field === undefined || anyOf === undefined) return schema
  if (!isMapping(value)) return { type: 'object' }
  const named = (variant: SchemaNode) => variant.properties?.[field]?.const
  return anyOf.find((variant) => named(variant) === value[field]) ??
    { type: 'object', required: [field], properties: { [field]: { enum: anyOf.map(named) } } }
}

/** TypeBox's own `Default` knows nothing of discriminators. */
function withDefaults (schema: SchemaNode, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default) : value
  const { items, properties } = variantOf(schema, given)
  if (Array.isArray(given) && items !== undefined) return given.map((element) => withDefaults(items, element))
  if (!isMapping(given) || properties === undefined) return given
  const filled = { ...given }
  for (const [name, property] of Object.entries(properties)) {
    const content = withDefaults(property, given[name])
    if (content !== undefined) filled[name] = content
  }
  return filled
}

/** The schema with every discriminated union replaced by the variant that the value names; lists become tuples for it. */
function chooseVariants (schema: SchemaNode, value: unknown): SchemaNode {
  const chosen = variantOf(schema, value)
  const { items, properties } = chosen
  if (Array.isArray(value) && items !== undefined) return { ...chosen, prefixItems: value.map((element) => chooseVariants(items, element)) }
  if (!isMapping(value) || properties === undefined) return chosen
  return { ...chosen, properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, chooseVariants(property, value[name])])) }
}

/** One of TypeBox's errors in our words; several for a list of names, none for what another error says already. */
function explain (root: SchemaNode, value: unknown, error: SchemaError): Violation[] {
  const { schema, content, path, isSecret } = follow(root, value, error.instancePath)
  const invalid = (message: string): Violation[] => [{ code: 'config_invalid', path, message: `${message}${isSecret ? '' : found(schema, content)}.` }]
  const unit = schema.unit === undefined ? '' : ` ${schema.unit}`
  switch (error.keyword) {
    case 'boolean':
      return [] // `additionalProperties` names the same field
    case 'additionalProperties':
      return error.params.additionalProperties.map((name) => unknownSetting(path, name, Object.keys(schema.properties ?? {}), isSecret))
    case 'required':
      return error.params.requiredProperties.map((name) => {
        const description = schema.properties?.[name]?.description
        return { code: 'config_missing', path: [...path, name], message: `This setting is missing${description === undefined ? '.' : `: ${description}`}` }
      })
    case 'type':
      return invalid(`It must be ${typeName(String(error.params.type))}${schema.unit === undefined ? '' : ` of ${units[schema.unit] ?? schema.unit}, without a unit`}${typeof content === 'string' && content.trim() !== '' && !isSecret ? meantInstead(content, String(error.params.type)) : ''}`)
    case 'enum':
      return invalid(`It must be ${error.params.allowedValues.length === 1 ? '' : 'one of '}${error.params.allowedValues.join(', ')}`)
    case 'const':
      return invalid(`It must be ${String(error.params.allowedValue)}`)
    case 'minimum':
      return invalid(`It must be at least ${error.params.limit}${unit}`)
    case 'maximum':
      return invalid(`It must be at most ${error.params.limit}${unit}`)
    case 'exclusiveMinimum':
      return invalid(`It must be more than ${error.params.limit}${unit}`)
    case 'minItems':
      return [{ code: 'config_invalid', path, message: `The list must have at least ${error.params.limit} ${error.params.limit === 1 ? 'entry' : 'entries'}.` }]
    case 'minLength':
      return [{ code: 'config_invalid', path, message: 'The text must not be empty.' }]
    case 'maxLength':
      return invalid(`The text must have at most ${error.params.limit} characters`)
    case 'pattern':
      return invalid(`It must be ${schema.form ?? `text that matches ${String(error.params.pattern)}`}`)
    default:
      return invalid(`It ${error.message}`)
  }
}

const isUnspoken = ({ secret, holdsSecrets }: SchemaNode): boolean => secret === true || holdsSecrets === true

/** Schema and value at a JSON pointer. */
function follow (root: SchemaNode, value: unknown, pointer: string): { schema: SchemaNode, content: unknown, path: Segment[], isSecret: boolean } {
  let schema: SchemaNode = root
  let isSecret = isUnspoken(schema)
  let content = value
  const path: Segment[] = []
  for (const raw of pointer.split('/').slice(1)) {
    const name = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(content)) {
      path.push(Number(name))
      schema = schema.prefixItems?.[Number(name)] ?? schema.items ?? {}
      content = content[Number(name)]
    } else {
      path.push(name)
      schema = schema.properties?.[name] ?? {}
      content = isMapping(content) ? content[name] : undefined
    }
    isSecret ||= isUnspoken(schema)
  }
  return { schema, content, path, isSecret }
}

/** What stands where a name was expected can be a value: among secrets it is named only if it is nearly one of the names. */
function unknownSetting (path: readonly Segment[], name: string, known: readonly string[], isSecret: boolean): Violation {
  const meant = nearest(name, known)
  const hint = meant === undefined ? `the settings are ${known.join(', ')}.` : `did you mean "${meant}"?`
  if (isSecret && meant === undefined) return { code: 'config_unknown', path, message: `There is an unknown setting here; ${hint}` }
  return { code: 'config_unknown', path: [...path, name], message: `There is no setting "${name}" here; ${hint}` }
}

/** What is there instead, for the end of a sentence. Text in place of what secrets stand in can be anything, a key or a whole file. */
function found (schema: SchemaNode, content: unknown): string {
  if (content === null || content === undefined) return '; it is empty'
  if (Array.isArray(content)) return '; it is a list'
  if (typeof content === 'object') return '; it is a mapping'
  if (typeof content === 'string' && isAboveSecrets(schema)) return '; it is text'
  return `; it is ${typeof content === 'string' ? JSON.stringify(content) : String(content)}`
}

/** Whether what `schema` describes can hold a secret, at any depth. */
const isAboveSecrets = (schema: SchemaNode): boolean =>
  isUnspoken(schema) || [...Object.values(schema.properties ?? {}), ...schema.anyOf ?? [], ...schema.items === undefined ? [] : [schema.items]].some(isAboveSecrets)

const units: Readonly<Record<string, string>> = { s: 'seconds' }

/** What a text was most likely meant as, in the place of a list or a mapping. */
function meantInstead (content: string, type: string): string {
  if (type === 'object') return /^[A-Za-z_][\w-]*:\S/.test(content) ? ', with a space after each colon' : ''
  if (type !== 'array') return ''
  return content.startsWith('-') ? ', with a space after each hyphen' : `, such as ${JSON.stringify(content.split(/[\s,]+/).filter((word) => word !== ''))}`
}

function typeName (type: string): string {
  const names: Record<string, string> = {
    object: 'a mapping (name: value)', array: 'a list', string: 'text', number: 'a number', integer: 'a whole number', boolean: 'true or false',
  }
  return names[type] ?? type
}

function isMapping (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
