/** docs/http.md: every route with its parameters, statuses and bodies, from openapi/openapi.json. */
import { PATH_PART } from '../../schemas/parameters.ts'
import { JSON_LIMITS } from '../../src/core/model/json-text.ts'
import { BODY_BYTES, FORM_FIELDS, HEADER_BYTES, HEADERS } from '../../src/pvcapid/request/bounds.ts'
import { PIECES } from '../../src/pvcapid/http/request-body.ts'
import { READINGS } from '../../src/pvcapid/services/contact.ts'
import { MOST_REPEATS } from '../../src/pvcapid/services/python-pattern.ts'
import { WRITES, WRITES_PER_CLIENT } from '../../src/pvcapid/services/waiters.ts'
import { code, page, table } from './markdown.ts'

interface SchemaNode {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaNode
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly default?: unknown
}

interface Operation {
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: ReadonlyArray<{ readonly in: string, readonly name: string, readonly required?: boolean, readonly description?: string, readonly schema: SchemaNode }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: SchemaNode }>> }
  readonly responses: Readonly<Record<string, { readonly description: string, readonly headers?: Readonly<Record<string, unknown>>, readonly content?: Readonly<Record<string, { readonly schema?: SchemaNode }>> }>>
}

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly tags: ReadonlyArray<{ readonly name: string, readonly description: string }>
  readonly components: { readonly schemas: Readonly<Record<string, SchemaNode>> }
}

const anchor = (name: string) => name.toLowerCase()
const link = (name: string) => `[${name}](#${anchor(name)})`

function typeOf (schema: SchemaNode | undefined): string {
  if (schema === undefined) return ''
  const { $ref, anyOf, enum: values, type, items, patternProperties, additionalProperties } = schema
  if ($ref !== undefined) return link($ref.slice($ref.lastIndexOf('/') + 1))
  if (anyOf !== undefined && type === undefined) return anyOf.map(typeOf).join(' or ')
  if (values !== undefined) return values.map((value) => code(value === '' ? '(nothing)' : String(value))).join(', ')
  if (schema.const !== undefined) return code(String(schema.const))
  if (type === 'array') return `list of ${typeOf(items)}`
  const inner = Object.values(patternProperties ?? {})[0] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
  if (type === 'object' && schema.properties === undefined && inner !== undefined) return `name → ${typeOf(inner)}`
  if (type === 'object' && schema.properties !== undefined) return `{${Object.keys(schema.properties).join(', ')}}`
  return `${[type ?? 'anything'].flat().join(' or ')}${boundsOf(schema)}`
}

function boundsOf ({ minimum, maximum, minLength, maxLength, pattern }: SchemaNode): string {
  if (pattern !== undefined) return ` like ${code(pattern)}`
  if (maxLength !== undefined) return ` of ${minLength === undefined ? 'at most' : `${minLength} to`} ${maxLength} characters`
  if (minimum !== undefined) return maximum === undefined ? ` from ${minimum}` : ` ${minimum} to ${maximum}`
  return ''
}

function parametersTable ({ parameters = [] }: Operation): string {
  if (parameters.length === 0) return ''
  return table(['parameter', 'in', 'value', 'what it is'], parameters.map(({ name, in: where, schema, description, required }) =>
    [code(name), where, `${typeOf(schema)}${schema.default === undefined ? '' : `; default ${String(schema.default)}`}`, `${description ?? schema.description ?? ''}${required === true ? '' : ' Optional.'}`.trim()]))
}

/** The fields of a JSON body; a form's one field stands among the parameters. */
function bodyTable ({ requestBody }: Operation): string {
  const { properties, required = [] } = requestBody?.content['application/json']?.schema ?? {}
  if (properties === undefined) return ''
  return table(['field', 'value', 'what it is'], Object.entries(properties).map(([name, schema]) => [code(name), typeOf(schema), `${schema.description ?? ''}${required.includes(name) ? '' : ' Optional.'}`]))
}

type Reply = Operation['responses'][string]

const PROBLEM = 'application/problem+json'
const bodyOf = ({ content = {} }: Reply): string =>
  Object.entries(content).map(([type, { schema }]) => type === 'application/json' || type === PROBLEM ? typeOf(schema) : code(type)).join(', ')

/** A problem and nothing else: what that status means is told once for all routes. */
const isCommon = (reply: Reply): boolean => Object.keys(reply.content ?? {}).join() === PROBLEM && bodyOf(reply) === link('Problem')

function repliesParts ({ responses }: Operation): readonly string[] {
  const replies = Object.entries(responses)
  const errors = replies.filter(([, reply]) => isCommon(reply)).map(([status]) => status)
  return [
    table(['status', 'meaning', 'body'], replies.filter(([, reply]) => !isCommon(reply)).map(([status, reply]) => [status, reply.description, bodyOf(reply)])),
    errors.length === 0 ? '' : `Errors: ${errors.join(', ')}.`,
  ]
}

function errorsTable (operations: readonly Operation[]): string {
  const common = new Map(operations.flatMap(({ responses }) => Object.entries(responses).filter(([, reply]) => isCommon(reply)).map(([status, { description }]) => [status, description] as const)))
  return table(['status', 'meaning'], [...common].sort(([a], [b]) => a < b ? -1 : 1))
}

function operationParts (path: string, verb: string, operation: Operation): readonly string[] {
  const { summary, description, security, requestBody } = operation
  const body = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => `${code(type)}: ${typeOf(schema)}`)
  return [
    `### ${verb.toUpperCase()} ${path}`,
    `${summary}. ${description}${security?.length === 0 ? (description.includes('Needs no key') ? '' : ' Needs no key.') : verb === 'get' ? '' : ' Needs a key of the role `operate`.'}`,
    parametersTable(operation),
    body.length === 0 ? '' : `Body: ${body.join('; ')}.`,
    bodyTable(operation),
    ...repliesParts(operation),
  ].filter((part) => part !== '')
}

const schemaParts = (name: string, schema: SchemaNode): readonly string[] => [
  `### ${name}`,
  schema.description ?? '',
  schema.properties === undefined
    ? `Value: ${typeOf(schema)}.`
    : table(['field', 'value', 'what it is'], Object.entries(schema.properties).map(([field, property]) =>
      [code(field), typeOf(property), `${property.description ?? property.anyOf?.[0]?.description ?? ''}${schema.required?.includes(field) === true ? '' : ' May be missing.'}`.trim()])),
].filter((part) => part !== '')

/** What happens below requests. */
const connectionParts = [
  'A request has bounds besides those that its route lists and those of `pvc.api.limits`:',
  table(['what', 'at most', 'beyond it'], [
    ['the request line and the headers together', `${HEADER_BYTES} bytes`, '431 `headers_too_large`, as the last reply'],
    ['headers', String(HEADERS), '431 `headers_too_large`'],
    ['a name in the path', `${PATH_PART} characters`, '400 `malformed_request`'],
    ['a body', `${BODY_BYTES} bytes`, '413 `body_too_large`'],
    ['pieces of a body (chunks, or parts as the network delivers them)', String(PIECES), '413 `body_in_pieces`'],
    ['fields of a form', String(FORM_FIELDS), '400 `malformed_request`'],
    ['arrays and objects of a JSON body within one another', String(JSON_LIMITS.depth), '400 `malformed_request`'],
    ['a repetition in a pattern (`limit`)', String(MOST_REPEATS), '400 `pattern_invalid`'],
    ['names of parameters and fields that a problem lists', '10', 'the rest is left out'],
    ['`X-Request-Id`', '64 letters, digits, dots, underscores or hyphens', 'replaced by one of this API\'s'],
    ['`X-Forwarded-Prefix`, from a trusted proxy', '256 characters', 'not believed'],
    ['readings of ZooKeeper for single requests that are in progress', String(READINGS), '503 `zookeeper_unavailable`'],
    ['writes that wait (`wait`) for what they asked for, and those of one client', `${WRITES} and ${WRITES_PER_CLIENT}`, '503 `too_many_waiting`'],
  ]),
  'Of a body that is refused, at most 1 MiB is read. At most 48 requests or 768 KiB of them may be sent on a connection before their replies; of more, the first that was not begun is 429 `too_many_pipelined`. Such a reply, like `body_in_pieces` and that to what is no HTTP, to headers that are too large or that do not come within 10 s, and to a request that does not come within 30 s, is the last on its connection, with `Connection: close` and without the headers that other replies have. Behind it this API closes its side and reads for up to 2 s or 1 MiB more, so that a client that is still sending can read it.',
  'A request whose `Transfer-Encoding` does not end with `chunked`, once and without parameters, or that has one in HTTP/1.0, is 400 `malformed_request` as the last reply of its connection: what comes behind its head is not taken for another request. Other codings before `chunked` are 415 `encoding_unsupported`. A request that has its reply gets no second one for what is wrong with the rest of its body.',
  'A file in a multipart form is 400 `argument_invalid`, at every route that takes forms.',
  'A connection is ended without a reply in these cases:',
  [
    'before anything of it is read, because there are too many connections, or too many of its address (`pvcapid_connections_refused_total`)',
    'in a TLS handshake that fails or takes more than 5 s',
    'while it is idle: 72 s after the last reply, and at once when this API stops',
    'when its client does not read: less than 4 KiB of what waits for it in 20 s, or nothing for a second while more than 64 MiB wait for all clients',
    'when it is the one that holds most, while too many bytes are held for requests or for replies of all connections',
    'when the body of a request that has its reply turns out to be broken, or does not come in time',
    'when a body that is not taken further comes behind other requests without a reply, or in the middle of its own reply',
    'when a request is not answered within 6 s of the beginning of a shutdown',
  ].map((text) => `- ${text}`).join('\n'),
]

export function httpPage ({ paths, tags, components }: Description): string {
  const operations = Object.entries(paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })))
  // OPTIONS is for load balancers and answers as GET does.
  const shown = operations.filter(({ verb }) => verb !== 'options')
  return page('HTTP', 'openapi/openapi.json',
    'Bodies are JSON, times RFC 3339 in UTC, durations seconds. A field that stands twice in one object of a request is 400. Where authentication is on, a key goes into the header `X-Api-Key`; `read` suffices for GET, anything else needs `operate`. A client certificate that `pvc.api.authentication.client_certificates` lists does instead of a key; a request that sends both counts by its key. Every reply carries `X-Request-Id`, `X-View-Age` (seconds since ZooKeeper last answered) and, once that is more than 2.5 s ago, `X-View-Stale: true`.',
    'Every reading under `/api/v1` has an `ETag`, which `If-None-Match` takes (304 if nothing has changed), and `?consistent` has it catch up with ZooKeeper first. Parameters and fields that are not listed, or given twice, are errors (`argument_invalid`, with the name that was probably meant); `/health` ignores parameters. HEAD is answered wherever GET is, the event stream aside; `/health` and `/role` answer OPTIONS as GET. `/` is the [status page](operations.md#the-status-page), `/docs` Swagger UI, `/openapi.json` the description that this page is made from. Every `code` of a problem is in [errors.md](errors.md).',
    'A route that takes no body refuses one (400 `body_not_taken`), and does nothing; so does a reading, but for a form where it takes its filters in one. A body of no bytes is none, whatever its `Content-Type`. `/health` ignores bodies as it ignores parameters. Beside a `state` in the query, the routes that take a `state` ignore a body that is no form.',
    'A number in a query or a path is written in plain decimal digits: `2`, not `02`, `+2`, `2e0` or ` 2`; an integer not `2.0` either. `If-Match` compares strongly (RFC 9110): a weak tag never matches (412), and what is no entity tag, or plain epoch where one is taken, is 400. `If-None-Match` compares weakly, and what is no tag in it matches nothing. A `Last-Event-ID` that is none of this cluster\'s is taken as none.',
    'A wait (`wait`) ends with what is waited for, after its seconds, or early: when the client closes its side of the connection, whose replies it gets, and none that has to be waited for; when its key is revoked (401 or 403); and when this API stops. `POST /switchover` then names the reason in `detail` of its 503; a reading answers with what there is, as at the end of its time; the event stream sends the present state, if it has sent none yet, and `end`. `?consistent` is no such wait: its reply comes within its bound, also for a client that has closed its side.',
    'A request target is one by RFC 9112 and RFC 3986, or 400 `malformed_request`, at every route: without a fragment (`#`), every `%` with two hexadecimal digits, in the path no character that a path cannot hold, in the query printable ASCII (what a regular expression needs may stand there unencoded). The fixed words of a path are written as they are: `/%61pi/v1/node` is 400. `;` separates nothing. Slashes count: a path with a doubled slash is another path, and 404, so that no rule about paths of a proxy in front is passed by. One is taken: `/api/v1//node` is `/api/v1/node`, because PVC\'s client puts a prefix that may end with a slash before a path that begins with one. Bytes of a query or a body that are not UTF-8 are 400 `argument_invalid`.',
    'A header that is read as one value is 400 `malformed_request` if it is there more than once, also with the same value: `Authorization`, `Content-Encoding`, `Content-Type`, `Host`, `If-Match`, `If-None-Match`, `If-Unmodified-Since`, `Last-Event-ID`, `Origin`, `Sec-Fetch-Site`, `X-Api-Key`, `X-Forwarded-Host`, `X-Forwarded-Prefix`, `X-Forwarded-Proto` and those of a preflight. `If-Match` and `If-None-Match` take several tags in one line. `X-Forwarded-For` may be there once for each proxy.',
    ...connectionParts,
    'A write that a web page of another site sends (by its `Origin`, or `Sec-Fetch-Site`) is 403 `cross_site`, with or without a key. Without authentication, the routes that otherwise need a key are served only to requests whose `Host` is known: loopback and the machine\'s own names and addresses, the node\'s name, and `pvc.api.hostnames`; else it is 403 `host_unknown`. The same holds for a write by client certificate, which a browser shows by itself, but not for one with a key. Programs that send no `Origin` are not concerned by the first, and those that address the API by its address not by the second. Pages of `pvc.api.allowed_origins` get CORS headers and answers to their preflights; a key goes into `X-Api-Key`, never into a cookie.',
    `Errors, unless a route says otherwise, are a ${link('Problem')}:`,
    errorsTable(operations.map(({ operation }) => operation)),
    ...tags.flatMap(({ name, description }) => [`## ${name}`, description, ...shown.filter(({ operation }) => operation.tags.includes(name)).flatMap(({ path, verb, operation }) => operationParts(path, verb, operation))]),
    '## Bodies',
    ...Object.entries(components.schemas).sort(([a], [b]) => a < b ? -1 : 1).flatMap(([name, schema]) => schemaParts(name, schema)))
}
