/** The status page at `/` and its two files, read once at the start. Its policy allows nothing but these and the API itself. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Document } from './document.ts'

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const files = [
  ['/', 'status.html', 'text/html; charset=utf-8'],
  ['/status.css', 'status.css', 'text/css; charset=utf-8'],
  ['/status.js', 'status.js', 'text/javascript; charset=utf-8'],
] as const

/** The folder of the files, whether this runs from source or from `dist`. */
function folder (): string {
  let at = import.meta.dirname
  while (!existsSync(join(at, 'public', 'status.html'))) {
    if (join(at, '..') === at) throw new Error('the folder "public" with the status page is missing')
    at = join(at, '..')
  }
  return join(at, 'public')
}

async function statusPage (app: FastifyInstance): Promise<void> {
  const from = folder()
  for (const [url, name, type] of files) {
    const document = new Document(readFileSync(join(from, name)), type)
    app.get(url, { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) => {
      reply.header('content-security-policy', POLICY).sendDocument(document)
    })
  }
}

export default fp(statusPage, { name: 'status-page', dependencies: ['reply-headers'] })
