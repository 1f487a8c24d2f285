/** PVC's argument `state`: one word, from the query or a form, with PVC's forms of error. */
import { ApiError } from '../../errors/errors.ts'

/** The query and the body of a request, unchecked. */
export type StateSources = readonly unknown[]

function valuesOf (source: unknown): unknown[] {
  if (typeof source !== 'object' || source === null || !Object.hasOwn(source, 'state')) return []
  return [(source as { readonly state: unknown }).state].flat()
}

/** The one word that is given. Throws `state_repeated`, or `state_invalid` if it is missing or none of `words`. */
export function stateArgument<Word extends string> (words: readonly Word[], sources: StateSources): Word {
  const given = sources.flatMap(valuesOf)
  if (given.length > 1) throw new ApiError('state_repeated', 'state is given more than once; give it once, in the query or in the form.', { outcome: 'not_started' })
  const word = words.find((known) => known === given[0])
  if (word !== undefined) return word
  const detail = `state has to be ${words.join(' or ')}${given.length === 0 ? ' and is missing' : ''}.`
  throw new ApiError('state_invalid', detail, { outcome: 'not_started', message: { state: detail } })
}
