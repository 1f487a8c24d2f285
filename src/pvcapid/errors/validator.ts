/**
 * Checks requests against their schemas. Text from a query, a path or a header becomes a number where the schema has one and the text is
 * plainly one; a body is taken as it is. Nothing is removed and nothing is guessed, and a parameter that is given twice is wrong.
 */
import { Compile } from 'typebox/schema'
import type { TSchema } from 'typebox'
import type { FastifySchemaCompiler } from 'fastify'

interface Properties {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>
}

/** How a number is written: one way for each integer, so that no two texts mean the same. A fraction may end in zeros, as programs print `2.0`. */
const forms = {
  integer: { pattern: /^(?:0|-?[1-9]\d{0,14})$/, message: 'must be an integer in plain decimal digits, such as 2: without a plus sign, leading zeros, a fraction or an exponent' },
  number: { pattern: /^(?:0|-?[1-9]\d{0,14})(?:\.\d{1,9})?$/, message: 'must be a number in plain decimal digits, such as 2 or 2.5: without a plus sign, leading zeros or an exponent' },
} as const
type Form = typeof forms[keyof typeof forms]
type Numbers = ReadonlyArray<readonly [name: string, form: Form]>

/** What has to be a number. */
const numbersOf = ({ properties = {} }: Properties): Numbers =>
  Object.entries(properties).flatMap(([name, { type }]) => type === 'number' || type === 'integer' ? [[name, forms[type]] as const] : [])

/** `value` with numbers for the texts of `numbers` that are plainly such; itself if there are none. */
function numbersRead (numbers: Numbers, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  let read = value as Record<string, unknown>
  for (const [name, { pattern }] of numbers) {
    const text = read[name]
    if (typeof text === 'string' && pattern.test(text)) read = { ...read, [name]: Number(text) }
  }
  return read
}

/** The names that stand more than once in a query. */
const repeatedIn = (query: unknown): readonly string[] =>
  typeof query === 'object' && query !== null ? Object.entries(query).filter(([, value]) => Array.isArray(value)).map(([name]) => name) : []

export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  const known = Object.keys((schema as Properties).properties ?? {})
  const numbers = httpPart === 'body' ? [] : numbersOf(schema as Properties)
  return (value: unknown) => {
    const read = numbersRead(numbers, value)
    // The framework would copy headers that are given back at each look at them.
    if (compiled.Check(read)) return read === value || { value: read }
    const repeated = httpPart === 'querystring' ? repeatedIn(read) : []
    if (repeated.length > 0) return { error: repeated.map((name) => ({ keyword: 'type', instancePath: `/${name}`, schemaPath: '', message: 'is given more than once', params: {} })) }
    const [, errors] = compiled.Errors(read)
    return {
      error: errors.map(({ keyword, instancePath, message, params, schemaPath }) => {
        const form = keyword === 'type' ? numbers.find(([name]) => instancePath === `/${name}`)?.[1] : undefined
        return { keyword, instancePath, schemaPath, message: form?.message ?? message, params: { ...params, ...instancePath === '' ? { known } : {} } }
      }),
    }
  }
}
