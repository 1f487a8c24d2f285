/** The description of the API: OpenAPI 3.1 made from the routes' own schemas, at `/openapi.json`, and Swagger UI at `/docs`. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Document } from '../document.ts'
import { addExamples, type DescribedOperation } from '../description-examples.ts'
import swaggerFiles from './swagger-files.ts'

export interface DescriptionOptions {
  readonly version: string
}

const FORM = 'application/x-www-form-urlencoded'

const text = `Coordinator state and primary switchovers of a cluster on ZooKeeper.

Every switchover has an epoch, a definite outcome and a bound. Ask for one with \`POST /api/v1/switchover\` and follow it with
\`GET /api/v1/switchover/{epoch}\`. The routes tagged \`pvc\` are those of the Parallel Virtual Cluster's own API.`

async function description (app: FastifyInstance, { version }: DescriptionOptions): Promise<void> {
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
  const json = once(() => new Document(JSON.stringify(app.swagger()), 'application/json; charset=utf-8'))
  const yaml = once(() => new Document(app.swagger({ yaml: true }), 'application/x-yaml'))
  await app.register(swaggerFiles, { prefix: '/docs/static' })
  app.addHook('onRoute', (route) => {
    if (route.url === '/docs/json') route.handler = (_request, reply) => { reply.sendDocument(json()) }
    if (route.url === '/docs/yaml') route.handler = (_request, reply) => { reply.sendDocument(yaml()) }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, persistAuthorization: true, tryItOutEnabled: false },
    staticCSP: true,
  })
  app.get('/openapi.json', { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) => { reply.sendDocument(json()) })
}

/** Made when it is first asked for: by then every route is there. */
function once (make: () => Document): () => Document {
  let made: Document | null = null
  return () => (made ??= make())
}

export default fp(description, { name: 'description', dependencies: ['reply-headers'] })
