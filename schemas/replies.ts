/** The replies of routes as the description shows them. */
import Type from 'typebox'
import type { Static } from 'typebox'
import type { Shared } from './forms.ts'

interface ErrorReply {
  readonly description: string
  readonly content: Readonly<Record<'application/problem+json', { readonly schema: object }>>
}

/** What each status of an error says, in general. */
export const sentences = {
  400: 'The request is malformed, or an argument is wrong.',
  401: 'A known API key is needed.',
  403: 'The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known.',
  404: 'There is no such thing.',
  409: 'It cannot be done as things are now: another switchover is in flight, another program writes the primary key, or a node is not in a state for it.',
  410: 'Not kept any more.',
  412: 'The primary is not as the request expects; it comes with the present one.',
  413: 'The body is too large.',
  415: 'The body has a media type that this route does not take.',
  422: 'It cannot be done as things are, with every reason.',
  429: 'Too many wrong keys or writes within a minute; try again after Retry-After.',
  501: 'PVC\'s own API serves this.',
  502: 'The switchover that was waited for failed.',
  503: 'ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After.',
  504: 'The switchover that was waited for was not done within its bound.',
} as const
export type ErrorStatus = keyof typeof sentences

function error (description: string, ...schemas: readonly string[]): ErrorReply {
  const refs = schemas.map(($id) => Type.Ref($id))
  return { description, content: { 'application/problem+json': { schema: refs.length === 1 ? refs[0] as object : { anyOf: refs } } } }
}

/** Error replies by status. */
export const problems = <const Statuses extends readonly ErrorStatus[]>(...statuses: Statuses) =>
  Object.fromEntries(statuses.map((status) => [status, error(sentences[status], 'Problem')])) as Record<Statuses[number], ErrorReply>

/** Error replies which are the switchover that was waited for, or a problem. */
export const switchoverProblems = <const Statuses extends readonly ErrorStatus[]>(...statuses: Statuses) =>
  Object.fromEntries(statuses.map((status) => [status, error(sentences[status], 'Problem', 'SwitchoverProblem')])) as Record<Statuses[number], ErrorReply>

const headers = {
  'X-View-Age': { type: 'string', description: 'Seconds since ZooKeeper\'s last answer; Infinity before the first.' },
  'X-View-Stale': { type: 'string', description: 'true once that is more than 2.5 s ago.' },
} as const
const named = {
  Location: { type: 'string', description: 'Where the switchover is read.' },
  'Retry-After': { type: 'string', description: 'Seconds until it is worth while to ask again.' },
  ETag: { type: 'string', description: 'For If-None-Match, and for If-Match of a switchover.' },
  'X-Api-Role': { type: 'string', enum: ['read', 'operate'], description: 'What the key or the client certificate allows; missing where none is needed.' },
} as const

/** A reply with a shared schema, and the headers it carries beside those of every reply. */
export const replies = <S extends Shared>(schema: S, description: string, ...carries: ReadonlyArray<keyof typeof named>) =>
  Type.Unsafe<Static<S>>({ ...Type.Ref(schema.$id), description, headers: { ...headers, ...Object.fromEntries(carries.map((name) => [name, named[name]])) } })

/** As `replies`, for an array of a shared schema. */
export const repliesList = <S extends Shared>(schema: S, description: string) =>
  Type.Unsafe<ReadonlyArray<Static<S>>>({ ...Type.Array(Type.Ref(schema.$id)), description, headers })

/** A reply that is one of two shared schemas. */
export const repliesEither = <A extends Shared, B extends Shared>(first: A, second: B, description: string, ...carries: ReadonlyArray<keyof typeof named>) =>
  Type.Unsafe<Static<A> | Static<B>>({ anyOf: [Type.Ref(first.$id), Type.Ref(second.$id)], description, headers: { ...headers, ...Object.fromEntries(carries.map((name) => [name, named[name]])) } })

/** Text that is no JSON. */
export const plainText = (description: string) => ({ description, headers, content: { 'text/plain': { schema: { type: 'string' } } } })

/** A stream of server-sent events. */
export const eventStream = (description: string) => ({ description, headers: { ...headers, 'X-Api-Role': named['X-Api-Role'] }, content: { 'text/event-stream': { schema: { type: 'string', description: 'Server-sent events.' } } } })

/** A reply without a body. */
export const empty = (description: string) => Type.Unsafe<undefined>({ type: 'null', description, headers })
