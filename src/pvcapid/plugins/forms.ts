/**
 * Bodies as PVC's clients send them to its routes, which read nothing but forms: `application/x-www-form-urlencoded` and `multipart/form-data`. A field
 * that is repeated becomes an array. The time it takes is proportional to the length; a form has at most `FORM_FIELDS` fields.
 *
 * Beside a `state` in the query, a body of another type says nothing, and neither does an empty one of any type: Python's `requests` sends such.
 * Without it there is nothing to go by, and the type is refused.
 *
 * A reading takes its filters from a form, too (`formQuery` in the config of its route).
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { unfitArgument } from '../errors/argument-problem.ts'
import { ApiError } from '../errors/errors.ts'
import { BODY_BYTES, FORM_FIELDS } from '../request/bounds.ts'
import { checkEncoded, checkFields, step, utf8Text } from './utf8.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether parameters may come in a form as well as in the query: for readings, which have no other body. */
    formQuery?: boolean
  }
}

type Fields = Record<string, string | string[]>

const URLENCODED = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'

function tooManyFields (): ApiError {
  return new ApiError('malformed_request', `The form has more than ${FORM_FIELDS} fields. Nothing was done; send fewer.`)
}

function fieldsOf (entries: Iterable<readonly [string, string]>): Fields {
  const fields = new Map<string, string[]>()
  for (const [name, value] of entries) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] as string : values]))
}

export function parseForm (text: string): Fields {
  let count = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) count += 1
  if (count >= FORM_FIELDS) throw tooManyFields()
  checkEncoded(text, 'body')
  return fieldsOf(new URLSearchParams(text))
}

/** The fields of a multipart form. A file in it is refused: no route takes one, and the client means something by it. */
async function parseMultipart (type: string, body: Buffer): Promise<Fields> {
  let entries
  try {
    entries = [...await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()]
  } catch (cause) {
    throw new ApiError('malformed_request', 'The body is no multipart form. Nothing was done; correct the request.', { cause })
  }
  if (entries.length > FORM_FIELDS) throw tooManyFields()
  const file = entries.find(([, value]) => typeof value !== 'string')
  if (file !== undefined) throw unfitArgument({ pointer: step(file[0]), problem: 'is a file, which this route does not take; send it as a field without a file name' })
  checkFields(body, entries)
  return fieldsOf(entries as ReadonlyArray<readonly [string, string]>)
}

/** Beside a `state` in the query a body that is no form says nothing. */
function sayingNothing (error: unknown): Fields {
  if (error instanceof ApiError && error.cause !== undefined) return {}
  throw error
}

const mediaType = (header: string | undefined): string => (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
/** Whether a body of this type is a form. */
export const isForm = (header: string | undefined): boolean => [URLENCODED, MULTIPART].includes(mediaType(header))

const hasState = ({ query }: FastifyRequest): boolean => typeof query === 'object' && query !== null && Object.hasOwn(query, 'state')

/** The fields of a body that is no urlencoded form; undefined if it says nothing. */
async function otherBody (request: FastifyRequest, body: Buffer): Promise<Fields | undefined> {
  const header = request.headers['content-type'] ?? ''
  const type = mediaType(header)
  if (body.length === 0) return undefined
  if (type === MULTIPART) {
    if (!hasState(request)) return await parseMultipart(header, body)
    // Whatever else is in it is not asked for.
    const { state } = await parseMultipart(header, body).catch(sayingNothing)
    return state === undefined ? undefined : { state }
  }
  if (hasState(request) || request.routeOptions.schema?.body === undefined) return undefined
  throw new ApiError('media_type_unsupported', `This route takes no body of the type "${type.slice(0, 64)}". Nothing was done; give the state in the query or in a form.`)
}

/** For the routes that PVC's clients write to. */
export const formBodies = fp(async (app: FastifyInstance): Promise<void> => {
  app.addContentTypeParser(URLENCODED, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseForm(utf8Text(body as Buffer)))
    } catch (error) {
      done(error as Error)
    }
  })
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = utf8Text(body as Buffer)
    if (text.trim() === '') done(null, undefined)
    else app.parseJsonBody(request, text, done)
  })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => await otherBody(request, body))
}, { name: 'form-bodies', dependencies: ['json-bodies'] })

async function bodyOf (raw: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_BYTES) throw new ApiError('body_too_large', `The form is longer than ${BODY_BYTES} bytes; send less.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The query of a reading with the fields of its form. A name in both is there twice. */
async function withForm (request: FastifyRequest, type: string, header: string): Promise<object> {
  const body = await bodyOf(request.raw)
  const fields = type === URLENCODED ? parseForm(utf8Text(body)) : body.length === 0 ? {} : await parseMultipart(header, body)
  const query = request.query as Fields
  return fieldsOf([query, fields].flatMap((part) => Object.entries(part).flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const))))
}

/** For readings with filters. */
export const formQueries = fp(async (app: FastifyInstance): Promise<void> => {
  app.addHook('onRoute', (route) => {
    if (route.config?.formQuery !== true) return
    route.preValidation = [route.preValidation ?? []].flat().concat((request, _reply, done) => {
      const header = request.headers['content-type']
      if (header === undefined || !isForm(header)) {
        done()
        return
      }
      withForm(request, mediaType(header), header).then((query) => {
        request.query = query
        done()
      }, done)
    })
  })
}, { name: 'form-queries' })
