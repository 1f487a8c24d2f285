/** Every bound in the description is the code's: each parameter and field is taken at its bound, and refused beyond it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { patiently } from '../support/api-client.ts'
import { api, clusterTree, everything } from '../pvcapid/support/api.ts'

interface Schema { readonly type?: string, readonly minimum?: number, readonly maximum?: number, readonly minLength?: number, readonly maxLength?: number, readonly pattern?: string, readonly enum?: readonly string[], readonly items?: Schema, readonly maxItems?: number, readonly properties?: Readonly<Record<string, Schema>> }
interface Parameter { readonly in: string, readonly name: string, readonly schema: Schema }
interface Operation { readonly parameters?: readonly Parameter[], readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> } }
const { paths } = JSON.parse(readFileSync(join(packageFolder(), 'openapi', 'openapi.json'), 'utf8')) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

/** Values at the bounds, and beyond them. */
function valuesOf ({ type, minimum, maximum, minLength, maxLength, pattern, enum: words, items, maxItems }: Schema, text: (length: number) => string): { readonly at: readonly unknown[], readonly beyond: readonly unknown[] } {
  if (words !== undefined) return { at: words, beyond: ['nonsense', `${words.at(-1) ?? ''}x`] }
  if (type === 'array') {
    const { at, beyond } = valuesOf(items ?? {}, text)
    return { at: [[], at], beyond: [...beyond.map((each) => [each]), ...maxItems === undefined ? [] : [Array.from({ length: maxItems + 1 }, (_, index) => at[index % at.length])]] }
  }
  if (type === 'boolean') return { at: [true, false], beyond: ['true', 1, null] }
  if (type === 'integer' || type === 'number') {
    const step = type === 'integer' ? 1 : 0.001
    return { at: [minimum, maximum].flatMap((bound) => bound ?? []), beyond: [minimum === undefined ? [] : minimum - step, maximum === undefined ? [] : maximum + step].flat() }
  }
  // The pattern of a node's name says how long it is.
  const longest = pattern === undefined ? maxLength : Number(/\{0,(\d+)\}\$$/.exec(pattern)?.[1]) + 1
  return { at: longest === undefined ? [] : [text(longest)], beyond: [...longest === undefined ? [] : [text(longest + 1)], ...minLength === undefined && pattern === undefined ? [] : ['']] }
}

t.test('every parameter and field', { timeout: 280_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const before = await everything(session)
  const unbounded: string[] = []
  let checks = 0

  interface Request { readonly parts: Readonly<Record<string, string>>, readonly query: Readonly<Record<string, string>>, readonly headers: Readonly<Record<string, string>>, readonly body: Readonly<Record<string, unknown>> | null }
  async function send (verb: string, path: string, { parts, query, headers, body }: Request): Promise<{ readonly status: number, readonly body: Readonly<Record<string, unknown>> }> {
    checks += 1
    const url = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''))
    return await patiently(verb.toUpperCase(), async () => {
      const leaving = new AbortController()
      const reply = await fetch(`${base}${url}?${new URLSearchParams(query).toString()}`, { method: verb.toUpperCase(), signal: leaving.signal, headers: { ...headers, ...body === null ? {} : { 'content-type': 'application/json' } }, ...body === null ? {} : { body: JSON.stringify(body) } })
      const isProblem = reply.headers.get('content-type')?.startsWith('application/problem+json') === true
      const found = { status: reply.status, headers: Object.fromEntries(reply.headers), body: isProblem ? await reply.json() as Record<string, unknown> : {} }
      if (!isProblem) leaving.abort()
      return found
    })
  }

  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, { parameters = [], requestBody }] of Object.entries(verbs)) {
      const json = requestBody?.content['application/json']?.schema.properties
      const isWrite = verb !== 'get' && verb !== 'options'
      const takesTags = parameters.some(({ name }) => name === 'if-match')
      // A write that is refused by its condition has passed every other check, and changes nothing.
      const usual: Request = {
        parts: { node: 'fig', epoch: '0', id: 'none' },
        query: takesTags && path !== '/api/v1/switchover' ? { state: path.endsWith('/status') ? 'true' : path.endsWith('domain-state') ? 'flush' : 'primary' } : {},
        headers: takesTags ? { 'if-match': '"no"' } : {},
        body: json === undefined ? null : json['confirm'] === undefined ? { to: 'fig', dry_run: true } : { confirm: 'other' },
      }
      const judge = async (where: string, name: string, schema: Schema, text: (length: number) => string, change: (value: unknown) => Request): Promise<void> => {
        const { at, beyond } = valuesOf(schema, text)
        if (beyond.length === 0) unbounded.push(`${verb} ${path} ${name}`)
        const isAbout = (body: Readonly<Record<string, unknown>>) => body['code'] === 'argument_invalid' && (body['errors'] as ReadonlyArray<{ readonly field: string }> | undefined)?.some(({ field }) => field === `/${name}` || field.startsWith(`/${name}/`)) === true
        for (const value of at) {
          const { status, body } = await send(verb, path, change(value))
          t.notOk(isAbout(body) || body['code'] === 'malformed_request' || body['code'] === 'state_invalid' || (status >= 500 && body['code'] !== undefined), `${verb} ${path}: ${where} ${name} ${JSON.stringify(value).slice(0, 40)} is taken: ${status} ${JSON.stringify(body).slice(0, 200)}`)
        }
        for (const value of beyond) {
          const { status, body } = await send(verb, path, change(value))
          const isRefused = status === 400 && (isAbout(body) || (name === 'state' && body['code'] === 'state_invalid') || (where === 'path' && body['code'] === 'malformed_request'))
          // OPTIONS and health checks have no problem to tell.
          t.ok(isRefused || (path.startsWith('/health/') && status === 400), `${verb} ${path}: ${where} ${name} ${JSON.stringify(value).slice(0, 40)} is refused: ${status} ${JSON.stringify(body).slice(0, 200)}`)
          if (isWrite && isRefused) t.equal(body['outcome'], 'not_started')
        }
      }
      for (const { in: where, name, schema } of parameters) {
        const tag = (length: number) => name.startsWith('if-') ? `"${'x'.repeat(length - 2)}"` : 'x'.repeat(length)
        await judge(where, name, schema, tag, (value) => where === 'path'
          ? { ...usual, parts: { ...usual.parts, [name]: String(value) } }
          : where === 'header' ? { ...usual, headers: { ...usual.headers, [name]: String(value) } } : { ...usual, query: { ...usual.query, [name]: String(value) } })
      }
      for (const [name, schema] of Object.entries(json ?? {})) {
        await judge('body', name, schema, (length) => 'x'.repeat(length), (value) => ({ ...usual, body: { ...usual.body, [name]: value } }))
      }
    }
  }
  t.ok(checks > 250, `${checks} requests`)
  t.strictSame(unbounded, [], 'each has a bound')
  t.strictSame(await everything(session), before, 'nothing was changed')
})
