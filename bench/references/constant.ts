/** A bare Fastify server that answers from constants: `node constant.js FILE`, with the replies in the file. Says its port. */
import { readFileSync } from 'node:fs'
import { fastify } from 'fastify'

interface Constant { readonly url: string, readonly status: number, readonly headers: Record<string, string>, readonly body: string }

const app = fastify({ exposeHeadRoutes: false })
for (const { url, status, headers, body } of JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Constant[]) {
  // A large constant is fastest as bytes, a small one as text.
  const constant = body === '' ? undefined : body.length > 16_384 ? Buffer.from(body) : body
  app.get(url, { schema: { response: { 200: { type: 'string' } } } }, (_request, reply) => { reply.code(status as 200).headers(headers).send(constant) })
}
console.log(JSON.stringify({ port: Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port) }))
