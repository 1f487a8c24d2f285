/** The framework's errors that are the client's, in words of our own: its sentences do not say what is taken, nor what to do. */
import type { FastifyError, FastifyRequest } from 'fastify'
import { PATH_PART } from '../../../schemas/parameters.ts'
import { ApiError, type ProblemCode } from './errors.ts'

/** Characters of a media type that an error repeats. */
const REPEATED = 64

/** What the route takes a body as. */
const taken = ({ server }: FastifyRequest): string => server.hasContentTypeParser('application/x-www-form-urlencoded')
  ? 'the state in the query or in a form (application/x-www-form-urlencoded or multipart/form-data)'
  : 'application/json'

function mediaTypeSentence (request: FastifyRequest): string {
  const type = request.raw.headers['content-type']
  const what = type === undefined || type === '' ? 'A body without a Content-Type' : `A body of the type "${type.slice(0, REPEATED)}"`
  return `${what} is not taken by this route. Nothing was done; send ${taken(request)}.`
}

const problems: Readonly<Record<string, readonly [ProblemCode, string | ((request: FastifyRequest) => string)]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media_type_unsupported', mediaTypeSentence],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', ({ routeOptions: { bodyLimit } }) => `The body is longer than ${bodyLimit ?? 0} bytes. Nothing was done; send less.`],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed_request', 'The body is empty, and its Content-Type says application/json. Nothing was done; send a JSON object.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed_request', 'The body is not valid JSON. Nothing was done; send a JSON object.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformed_request', 'The body is not as long as Content-Length says. Nothing was done; send the length of the body.'],
  FST_ERR_BAD_URL: ['malformed_request', 'The path of the target cannot be decoded. Nothing was done; percent-encode it, as UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['malformed_request', `A part of the path has more than ${PATH_PART} characters, which is more than any name has. Nothing was done; send the name alone.`],
}

/** Null for an error that is not the client's, or not the framework's. */
export function frameworkError (error: FastifyError, request: FastifyRequest): ApiError | null {
  const [code, sentence] = problems[error.code] ?? []
  if (code === undefined || sentence === undefined) return null
  return new ApiError(code, typeof sentence === 'string' ? sentence : sentence(request), { cause: error })
}
