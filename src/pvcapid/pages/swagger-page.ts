/**
 * What Swagger UI is given so that it fits here: a policy that also works over plain HTTP, a viewport, a way back to the status page, our own name and
 * mark in the place of the framework's, links that hold below any path, and no key that outlives its page.
 */
import { Buffer } from 'node:buffer'
import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui'

const MARK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5f8b"/><circle cx="16" cy="9" r="4" fill="#fff"/><circle cx="8" cy="23" r="3" fill="#9cc7e3"/><circle cx="24" cy="23" r="3" fill="#9cc7e3"/><path d="M16 13v4M16 17l-6 4M16 17l6 4" stroke="#fff" stroke-width="2" fill="none"/></svg>'

const STYLE = `.home { display: flex; gap: .6rem; align-items: center; padding: .6rem 20px; font-family: sans-serif; border-bottom: 1px solid #ccc }
.home img { width: 28px; height: 28px }
.home a { color: #1f5f8b; padding: .6rem 0 }
@media (max-width: 640px) { .swagger-ui .wrapper { padding: 0 8px; overflow-x: auto } .swagger-ui .wrapper .block { padding: 0 } .swagger-ui .opblock-body { overflow-x: auto } .swagger-ui .opblock-summary-path { max-width: 100% } .swagger-ui .opblock-summary { flex-wrap: wrap } }
`

/** Earlier versions kept keys in the browser. */
const FORGET = "try { localStorage.removeItem('authorized') } catch { /* a browser that keeps nothing has nothing to forget */ }\n"

/** Scripts and styles of our own alone. Swagger UI sets styles on its elements, which the last directive is for. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * @param tls whether the API is served by HTTPS itself: only then may a browser be told to ask for everything by HTTPS
 * @param chroot of the cluster, if it has one
 */
export const swaggerUiOptions = (tls: boolean, chroot?: string): FastifySwaggerUiOptions => ({
  routePrefix: '/docs',
  uiConfig: { docExpansion: 'list', deepLinking: true, persistAuthorization: false, tryItOutEnabled: false, layout: 'BaseLayout' },
  staticCSP: tls ? `${POLICY}; upgrade-insecure-requests` : POLICY,
  theme: {
    title: chroot === undefined ? 'pvcapid: API' : `pvcapid: API, ${chroot}`,
    favicon: [{ filename: 'mark.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: Buffer.from(MARK) }],
    css: [{ filename: 'page.css', content: STYLE }],
    js: [{ filename: 'forget.js', content: FORGET }],
  },
})

/** The page as it is sent for `/docs` or `/docs/`: its links are relative, for only a proxy may know the path before them. */
export function pageFor (isFolder: boolean, html: string, chroot?: string): string {
  const here = isFolder ? './' : './docs/'
  return html
    .replaceAll('"/docs/static/', `"${here}static/`)
    .replaceAll('"./static/', `"${here}static/`)
    .replace('<meta charset="UTF-8">', '<meta charset="UTF-8">\n      <meta name="viewport" content="width=device-width, initial-scale=1">')
    .replace('<body>', `<body>\n      <nav class="home"><img src="${here}static/theme/mark.svg" alt=""><a href="${isFolder ? '../' : './'}">Status of the cluster${chroot === undefined ? '' : ` ${chroot}`}</a></nav>`)
}

/** The description with the path below which its client sees the API. */
export const withBasePath = <D extends object>(document: D, prefix: string): D =>
  prefix === '' ? document : { ...document, servers: [{ url: prefix, description: 'The API that serves this description.' }] }
