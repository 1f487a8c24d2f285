/**
 * Checks requests against their schemas. Text from a query, a path or a header becomes a number where the schema has one and the text is
 * plainly one; a body is taken as it is. Nothing is removed and nothing is guessed.
 */
import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'
import type { FastifySchemaCompiler } from 'fastify'

interface Properties {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>
}

const NUMBER = /^-?\d{1,15}(\.\d{1,9})?$/

function numbersRead (schema: Properties, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const read: Record<string, unknown> = { ...value }
  for (const [name, { type }] of Object.entries(schema.properties ?? {})) {
    const text = read[name]
    if ((type === 'number' || type === 'integer') && typeof text === 'string' && NUMBER.test(text)) read[name] = Number(text)
  }
  return read
}

export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  return (value: unknown) => {
    const read = httpPart === 'body' ? value : numbersRead(schema as Properties, value)
    if (compiled.Check(read)) return { value: read }
    return { error: compiled.Errors(read).map(({ keyword, instancePath, message, params, schemaPath }) => ({ keyword, instancePath, schemaPath, message, params: { ...params } })) }
  }
}
