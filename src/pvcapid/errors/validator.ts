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

const NUMBER = /^-?\d{1,15}(\.\d{1,9})?$/

/** The names of what has to be a number. */
const numbersOf = ({ properties = {} }: Properties): readonly string[] =>
  Object.entries(properties).filter(([, { type }]) => type === 'number' || type === 'integer').map(([name]) => name)

/** `value` with numbers for the texts of `names` that are plainly such; itself if there are none. */
function numbersRead (names: readonly string[], value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  let read = value as Record<string, unknown>
  for (const name of names) {
    const text = read[name]
    if (typeof text === 'string' && NUMBER.test(text)) read = { ...read, [name]: Number(text) }
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
      error: errors.map(({ keyword, instancePath, message, params, schemaPath }) =>
        ({ keyword, instancePath, schemaPath, message, params: { ...params, ...instancePath === '' ? { known } : {} } })),
    }
  }
}
