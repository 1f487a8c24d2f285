/**
 * The files of Swagger UI, read once at the start and served from memory. The framework's own plugin opens a file for each request, which stays
 * open for as long as the client does not read; here nothing is held for a request but its place.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Document } from './document.ts'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

function readFiles (): ReadonlyMap<string, Document> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static')
  if (!existsSync(folder)) throw new Error(`the files of Swagger UI are missing in ${folder}; install the package again`)
  return new Map(readdirSync(folder).flatMap((name) => {
    const type = types[extname(name)]
    return type === undefined ? [] : [[name, new Document(readFileSync(join(folder, name)), type)] as const]
  }))
}

/** @param prefix where the files are served; whatever route is registered for all of what is below it is served from memory */
async function swaggerFiles (app: FastifyInstance, { prefix }: { readonly prefix: string }): Promise<void> {
  const files = readFiles()
  app.addHook('onRoute', (route) => {
    if (route.url !== `${prefix}/*`) return
    route.handler = (request, reply) => {
      const file = files.get((request.params as { readonly '*': string })['*'])
      if (file === undefined) reply.callNotFound()
      else reply.sendDocument(file)
    }
  })
}

export default fp(swaggerFiles, { name: 'swagger-files', dependencies: ['reply-headers'] })
