/**
 * Bodies in `application/json`: parsed by the framework's own parser, once it is certain that they do not nest too deeply for anything behind it, and
 * that no field stands twice in one object and that every text can be kept.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { JSON_LIMITS, parseJson } from '../../core/model/json-text.ts'
import { repeatedArgument, unfitArgument } from '../errors/argument-problem.ts'
import { ApiError } from '../errors/errors.ts'
import { repeatedField } from './repeated-fields.ts'
import { unfitText } from './unfit-text.ts'
import { utf8Text } from './utf8.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Parses a JSON body. */
    parseJsonBody (request: FastifyRequest, text: string, done: (error: Error | null, body?: unknown) => void): void
  }
}

/** It is JSON: what is left for the framework's parser to refuse are names that are no fields. */
const poisoned = () => new ApiError('malformed_request', 'The body has a field named __proto__ or constructor, which no route has. Nothing was done; correct the request.')

async function jsonBodies (app: FastifyInstance): Promise<void> {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.decorate('parseJsonBody', (request: FastifyRequest, text: string, done: (error: Error | null, body?: unknown) => void) => {
    const parsed = text === '' ? null : parseJson(text, { ...JSON_LIMITS, length: Infinity })
    if (parsed?.ok === false) done(new ApiError('malformed_request', `The body ${parsed.problem}. Nothing was done; correct the request.`))
    else {
      const repeated = parsed === null ? null : repeatedField(text)
      const unfit = parsed === null ? null : unfitText(text, parsed.value)
      // Twice, because the framework's parser looks for poisoned prototypes as well; bodies are short.
      if (repeated === null && unfit !== null) done(unfitArgument(unfit))
      else if (repeated === null) parse(request, text, (error: Error | null, body?: unknown) => done(error !== null && parsed !== null ? poisoned() : error, body))
      else done(repeatedArgument('body', repeated))
    }
  })
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => app.parseJsonBody(request, utf8Text(body as Buffer), done))
}

export default fp(jsonBodies, { name: 'json-bodies' })
