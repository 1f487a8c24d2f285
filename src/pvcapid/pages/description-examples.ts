/** Puts an example beside every body that the description has: of requests, replies and, by their status, errors. */
import { examples, examplesOf, requestExamples } from '../../../schemas/examples.ts'
import { sentences, type ErrorStatus } from '../../../schemas/replies.ts'
import { ApiError, problems, type ProblemCode } from '../errors/errors.ts'
import { problemBody, PROBLEM_TYPE } from '../errors/problem.ts'

interface Media { readonly schema?: object, example?: unknown }
interface Body { readonly content?: Readonly<Record<string, Media>> }
export interface DescribedOperation {
  readonly operationId?: string
  readonly requestBody?: Body
  readonly responses?: Readonly<Record<string, Body>>
}

/** The example of what `schema` refers to: one schema, a list of them, or the first of several. */
function referred (schema: object | undefined): unknown {
  const { $ref, items, anyOf } = (schema ?? {}) as { readonly $ref?: string, readonly items?: object, readonly anyOf?: readonly object[] }
  if ($ref !== undefined) return examples[$ref.slice($ref.lastIndexOf('/') + 1)]
  if (items !== undefined) return [referred(items)]
  return anyOf === undefined ? undefined : referred(anyOf[0])
}

/** A problem of that status: what comes first in the list of codes. */
function problemExample (status: string, path: string, writes: boolean): unknown {
  const code = (Object.keys(problems) as ProblemCode[]).find((each) => String(problems[each][0]) === status)
  const sentence = sentences[Number(status) as ErrorStatus]
  return code === undefined ? undefined : problemBody(new ApiError(code, sentence, writes ? { outcome: 'not_started' } : {}), path)
}

export function addExamples (path: string, verb: string, { operationId = '', requestBody, responses = {} }: DescribedOperation): void {
  for (const media of Object.values(requestBody?.content ?? {})) media.example = requestExamples[operationId]
  const at = path.replace('{node}', 'hv1').replace('{epoch}', '17')
  for (const [status, { content = {} }] of Object.entries(responses)) {
    for (const [type, media] of Object.entries(content)) {
      media.example = examplesOf[operationId]?.[status] ?? (type === PROBLEM_TYPE ? problemExample(status, at, verb === 'post') : referred(media.schema))
    }
  }
}
