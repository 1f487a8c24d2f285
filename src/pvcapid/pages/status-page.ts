/** The status page at `/` and its two files, read once at the start. It names the cluster where that has a chroot. Its policy allows nothing but these and the API itself. */
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

/** The title and the heading name the cluster. A chroot is of plain characters (`config-common.ts`), which mean nothing in HTML. */
const named = (html: string, chroot: string): string =>
  html.replace('<title>Coordinators</title>', `<title>Coordinators of ${chroot}</title>`).replace('<h1>Coordinators</h1>', `<h1>Coordinators of ${chroot}</h1>`)

async function statusPage (app: FastifyInstance, { chroot }: { readonly chroot?: string | undefined }): Promise<void> {
  const from = folder()
  for (const [url, name, type] of files) {
    const text = readFileSync(join(from, name), 'utf8')
    const document = new Document(chroot !== undefined && name === 'status.html' ? named(text, chroot) : text, type)
    app.get(url, { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) => {
      reply.header('content-security-policy', POLICY).sendDocument(document)
    })
  }
}

export default fp(statusPage, { name: 'status-page', dependencies: ['reply-headers'] })
