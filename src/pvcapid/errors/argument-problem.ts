/** Arguments that do not fit their schemas, as a problem: each by its name, with the name that was probably meant. */
import type { FastifyError, FastifySchemaValidationError } from 'fastify'
import { nearest } from '../../runtime/config/config-problem.ts'
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

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((each) => typeof each === 'string')

function errorsOf ({ instancePath, message, params }: FastifySchemaValidationError, where: string): readonly ArgumentError[] {
  const { additionalProperties: unknown, known, requiredProperties: missing } = params
  if (isTexts(unknown)) {
    return unknown.slice(0, LISTED).map((name) => ({ in: where, field: `${instancePath}/${name.slice(0, LONGEST)}`, message: unknownArgument(name, isTexts(known) ? known : [], where) }))
  }
  return [{ in: where, field: instancePath, message: `${message ?? 'is wrong'}${isTexts(missing) ? ` (${missing.join(', ')})` : ''}` }]
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
  const errors = (error.validation ?? []).filter(({ message }) => message !== 'schema is false').flatMap((each) => errorsOf(each, where)).slice(0, LISTED)
  return problemOf(where, errors)
}

function problemOf (where: string, errors: readonly ArgumentError[]): ApiError {
  const sentence = errors.map(({ field, message }) => `${field === '' ? where : field.slice(1)} ${message}`).join('; ')
  return new ApiError('argument_invalid', `${sentence}${sentence.endsWith('?') ? '' : '.'} Nothing was done; correct the request.`, { members: { errors } })
}
