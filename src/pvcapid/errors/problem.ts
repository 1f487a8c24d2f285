/** The body of an error reply: RFC 9457 problem details with `code`, and `message` for PVC's clients. */
import type { ApiError, WriteOutcome } from './errors.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly message: string | Readonly<Record<string, string>>
  readonly outcome?: WriteOutcome
}

/** A request's path, without its query, and without what a target cannot have. */
export const pathOf = (url: string): string => url.split(/[?#]/, 1)[0] ?? url

/** @param instance the path of the request, without its query */
export function problemBody (error: ApiError, instance: string): ProblemBody {
  const { message, outcome, members } = error.options
  return {
    type: `urn:pvc:problem:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    instance,
    code: error.code,
    message: message ?? error.message,
    ...(outcome === undefined ? {} : { outcome }),
    ...members,
  }
}
