/** Arguments that do not fit their schemas, as a problem: each by its name, with the name that was probably meant. */
import type { FastifyError, FastifySchemaValidationError } from 'fastify'
import { nearest } from '../../runtime/config/config-problem.ts'
import { NODE_NAME } from '../../../schemas/switchover.ts'
import { ApiError } from './errors.ts'

/** Arguments that a problem lists at most, and characters of a name that it repeats. */
const LISTED = 10
const LONGEST = 64

interface ArgumentError { readonly in: string, readonly field: string, readonly message: string }

/** What is said of a name that the route does not know. */
function unknownArgument (name: string, known: readonly string[], where: string): string {
  const noun = where === 'body' ? 'field' : 'parameter'
  const meant = nearest(name.slice(0, LONGEST), known)
  if (meant !== undefined) return `is no ${noun} here; did you mean "${meant}"?`
  return known.length === 0 ? `is no ${noun} here; there are none` : `is no ${noun} here; there are ${known.join(', ')}`
}

/** What may be the value of an argument, in words. An empty text stands for a parameter without a value, and is left out. */
const inWords = (value: unknown): readonly string[] => value === '' ? [] : [typeof value === 'string' ? value : JSON.stringify(value)]

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((each) => typeof each === 'string')

const typesInWords: Readonly<Record<string, string>> = { array: 'an array', object: 'an object', integer: 'an integer', null: 'null', boolean: 'true or false' }
const typeInWords = (type: string): string => typesInWords[type] ?? `a ${type}`

/** What a keyword of JSON Schema asks for, as the end of a sentence; null for one whose own message is as good. */
function demandOf ({ keyword, params, message }: FastifySchemaValidationError, where: string): string | null {
  const { allowedValues, limit, pattern, type } = params
  switch (keyword) {
    case 'enum': return Array.isArray(allowedValues) ? `must be ${alternatives(allowedValues.flatMap(inWords))}` : null
    case 'type': return typeof type === 'string' && message === `must be ${type}` ? `must be ${typeInWords(type)}` : null
    case 'pattern': return pattern === NODE_NAME ? 'must be the name of a node: 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", with a letter or digit first' : null
    case 'minimum': return `must be at least ${String(limit)}`
    case 'maximum': return `must be at most ${String(limit)}`
    case 'minLength': return limit === 1 ? 'must not be empty' : `must have at least ${String(limit)} characters`
    case 'maxLength': return `must have at most ${String(limit)} characters`
    case 'minItems': return limit === 1 ? 'must not be empty' : `must have at least ${String(limit)} entries`
    case 'maxItems': return `must have at most ${String(limit)} entries`
    case 'uniqueItems': return 'must not have the same entry twice'
    case 'required': return isTexts(params['requiredProperties']) ? `must have ${params['requiredProperties'].map((name) => `"${name}"`).join(' and ')}` : null
    case 'minProperties': return `must not be empty${where === 'body' && isTexts(params['known']) ? `; its fields are ${params['known'].join(', ')}` : ''}`
    default: return null
  }
}

const alternatives = (words: readonly string[]): string => words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** Where one of several members has to be there, or a value may be of several types, that is one error, and not one for each of them. */
function joined (errors: readonly FastifySchemaValidationError[]): readonly FastifySchemaValidationError[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf')
  const isPart = (error: FastifySchemaValidationError) => (error.keyword === 'required' || error.keyword === 'type') &&
    choices.some(({ instancePath, schemaPath }) => instancePath === error.instancePath && error.schemaPath.startsWith(`${schemaPath}/anyOf/`))
  return errors.flatMap((error) => {
    const { keyword, schemaPath, instancePath } = error
    if (keyword === 'minProperties' && choices.some((other) => other.instancePath === instancePath)) return []
    if (isPart(error)) return []
    if (keyword !== 'anyOf') return [error]
    const parts = errors.filter((other) => isPart(other) && other.schemaPath.startsWith(`${schemaPath}/anyOf/`))
    const members = parts.flatMap(({ params }) => isTexts(params['requiredProperties']) ? params['requiredProperties'].map((name) => `"${name}"`) : [])
    const types = parts.flatMap(({ params }) => typeof params['type'] === 'string' ? [typeInWords(params['type'])] : [])
    if (members.length > 0) return [{ ...error, message: `must have ${alternatives(members)}` }]
    return [types.length > 0 ? { ...error, message: `must be ${alternatives(types)}` } : error]
  })
}

function errorsOf (error: FastifySchemaValidationError, where: string): readonly ArgumentError[] {
  const { instancePath, message, params } = error
  const { additionalProperties: unknown, known } = params
  if (isTexts(unknown)) {
    return unknown.slice(0, LISTED).map((name) => ({ in: where, field: `${instancePath}/${name.slice(0, LONGEST)}`, message: unknownArgument(name, isTexts(known) ? known : [], where) }))
  }
  return [{ in: where, field: instancePath, message: demandOf(error, where) ?? message ?? 'is wrong' }]
}

/** @param pointer the field, as a JSON pointer */
export function repeatedArgument (where: string, pointer: string): ApiError {
  return problemOf(where, [{ in: where, field: pointer.slice(0, 2 * LONGEST), message: 'is given more than once' }])
}

/** A text that cannot be kept. @param pointer the field, as a JSON pointer; empty for all of the body */
export function unfitArgument ({ pointer, problem }: { readonly pointer: string, readonly problem: string }, where = 'body'): ApiError {
  return problemOf(where, [{ in: where, field: pointer.slice(0, 2 * LONGEST), message: problem }])
}

export function argumentProblem (error: FastifyError): ApiError {
  const where = error.validationContext ?? 'body'
  // An unknown field is reported twice; the second report names it and says what is wrong.
  const errors = joined((error.validation ?? []).filter(({ message }) => message !== 'schema is false')).flatMap((each) => errorsOf(each, where)).slice(0, LISTED)
  return problemOf(where, errors)
}

function problemOf (where: string, errors: readonly ArgumentError[]): ApiError {
  const sentence = errors.map(({ field, message }) => `${field === '' ? where : field.slice(1)} ${message}`).join('; ')
  return new ApiError('argument_invalid', `${sentence}${sentence.endsWith('?') ? '' : '.'} Nothing was done; correct the request.`, { members: { errors } })
}
