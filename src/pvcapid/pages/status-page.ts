/**
 * The status page at `/`, its style and its modules, read once at the start. It names the cluster where that has a chroot, and says whether a key is
 * needed, so that it need not be refused to find out. Its policy allows nothing but these files and the API itself.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Credentials } from '../access/authentication.ts'
import { Document } from './document.ts'

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const SCRIPT = 'text/javascript; charset=utf-8'
/** The folder of the modules that `status.js` imports. */
const MODULES = 'status'

export interface StatusPageOptions {
  readonly chroot?: string | undefined
  /** At present. */
  readonly credentials: () => Credentials
}

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

async function statusPage (app: FastifyInstance, { chroot, credentials }: StatusPageOptions): Promise<void> {
  const from = folder()
  const read = (name: string): string => readFileSync(join(from, name), 'utf8')
  const serve = (url: string, document: () => Document): void => {
    app.get(url, { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) => {
      reply.header('content-security-policy', POLICY).sendDocument(document())
    })
  }
  const html = chroot === undefined ? read('status.html') : named(read('status.html'), chroot)
  const page = new Document(html, 'text/html; charset=utf-8')
  const keyedPage = new Document(html.replace('<html lang="en">', '<html lang="en" data-key="needed">'), 'text/html; charset=utf-8')
  // Where certificates do as well, only a request tells whether this browser shows one.
  serve('/', () => credentials().tokens !== undefined && credentials().certificates === null ? keyedPage : page)
  const files = [['status.css', 'text/css; charset=utf-8'], ['status.js', SCRIPT], ...readdirSync(join(from, MODULES)).filter((name) => name.endsWith('.js')).map((name) => [`${MODULES}/${name}`, SCRIPT] as const)] as const
  for (const [name, type] of files) {
    const document = new Document(read(name), type)
    serve(`/${name}`, () => document)
  }
}

export default fp(statusPage, { name: 'status-page', dependencies: ['reply-headers'] })
