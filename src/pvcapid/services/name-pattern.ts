/**
 * PVC's `limit`: a regular expression of Python's for a whole name, with `.*` added at an end that is not anchored. Matched in time linear in the
 * length of the name (RE2's algorithm), so that no pattern can hold the process up; look-around and back-references are therefore refused.
 */
import { RE2JS } from 're2js'
import { ApiError } from '../errors/errors.ts'
import { PatternFault, translatedPattern } from './python-pattern.ts'

/** @throws ApiError `pattern_invalid` */
export function namePattern (limit: string): (name: string) => boolean {
  const front = limit.startsWith('^') ? '' : '.*'
  const back = /^.*\$/.test(limit) ? '' : '.*'
  try {
    const pattern = RE2JS.compile(`${front}${translatedPattern(limit)}${back}`)
    return (name) => pattern.matches(name)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ApiError('pattern_invalid', cause instanceof PatternFault ? `limit cannot be used: ${reason}.` : `limit is no regular expression that can be used (${reason}).`, { cause })
  }
}
