/** The description of the API: OpenAPI 3.1 made from the routes' own schemas, at `/openapi.json`, and Swagger UI at `/docs`. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { stringify } from 'yaml'
import type { BasePath } from '../http/base-path.ts'
import { Document } from './document.ts'
import { addExamples, type DescribedOperation } from './description-examples.ts'
import { pathOf } from '../errors/problem.ts'
import { pageFor, swaggerUiOptions, withBasePath } from './swagger-page.ts'
import swaggerFiles from './swagger-files.ts'

export interface DescriptionOptions {
  readonly version: string
  /** Whether the API is served by HTTPS itself. */
  readonly tls: boolean
  readonly basePath: BasePath
  readonly chroot?: string | undefined
}

const FORM = 'application/x-www-form-urlencoded'

const text = `Coordinator state and primary switchovers of a cluster on ZooKeeper.

Every switchover has an epoch, a definite outcome and a bound. Ask for one with \`POST /api/v1/switchover\` and follow it with
\`GET /api/v1/switchover/{epoch}\`. The routes tagged \`pvc\` are those of the Parallel Virtual Cluster's own API.`

async function description (app: FastifyInstance, { version, tls, basePath, chroot }: DescriptionOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'pvcapid', description: text, version, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'The API that serves this description.' }],
      tags: [
        { name: 'switchover', description: 'Changes of the primary, and who it is.' },
        { name: 'pvc', description: 'As the Parallel Virtual Cluster has it.' },
        { name: 'health', description: 'For load balancers and monitoring.' },
      ],
      components: {
        securitySchemes: {
          ApiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'A key of the role `read`, or `operate` for what changes something.' },
        },
      },
      security: [{ ApiKey: [] }],
    },
    transformObject (document) {
      if (!('openapiObject' in document)) return document.swaggerObject
      for (const [url, path] of Object.entries(document.openapiObject.paths ?? {})) {
        for (const [verb, operation] of Object.entries(path ?? {})) addExamples(url, verb, operation as DescribedOperation)
        const post = path?.post
        // A form may be left out: its one argument may stand in the query.
        if (post?.requestBody !== undefined && 'content' in post.requestBody && FORM in post.requestBody.content) post.requestBody.required = false
      }
      return document.openapiObject
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => typeof json.$id === 'string' ? json.$id : `def-${index}` },
  })
  // Before the plugin, whose routes they take over.
  const json = byPrefix((prefix) => new Document(JSON.stringify(withBasePath(app.swagger(), prefix)), 'application/json; charset=utf-8'))
  const yaml = byPrefix((prefix) => new Document(stringify(withBasePath(app.swagger(), prefix)), 'application/x-yaml'))
  await app.register(swaggerFiles, { prefix: '/docs/static' })
  app.addHook('onRoute', (route) => {
    if (route.url === '/docs/json') route.handler = (request, reply) => { reply.sendDocument(json(basePath.of(request))) }
    if (route.url === '/docs/yaml') route.handler = (request, reply) => { reply.sendDocument(yaml(basePath.of(request))) }
  })
  await app.register(async (pages) => {
    pages.addHook('onSend', (request, reply, payload, done) => {
      const isPage = typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
      done(null, isPage ? pageFor(pathOf(request.url).endsWith('/'), payload, chroot) : payload)
    })
    await pages.register(swaggerUi, swaggerUiOptions(tls, chroot))
  })
  app.get('/openapi.json', { schema: { hide: true }, config: { access: 'open' } }, (request, reply) => { reply.sendDocument(json(basePath.of(request))) })
}

/** Prefixes for which a document is kept: what trusted proxies say, and so few. */
const PREFIXES = 16

/** Made when it is first asked for under a prefix: by then every route is there. */
function byPrefix (make: (prefix: string) => Document): (prefix: string) => Document {
  const made = new Map<string, Document>()
  return (prefix) => {
    const found = made.get(prefix) ?? make(prefix)
    if (made.size >= PREFIXES && !made.has(prefix)) made.clear()
    made.set(prefix, found)
    return found
  }
}

export default fp(description, { name: 'description', dependencies: ['reply-headers'] })
