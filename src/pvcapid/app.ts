/**
 * The API as one Fastify application, put together from its parts. It can be listened with or injected into; closing it ends everything it
 * has opened.
 *
 * Without ZooKeeper it starts all the same: reads are 503 until there is a view, and come by themselves.
 */
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { apiRoutes, formRoutes, plainRoutes, prefix } from '../../routes/index.ts'
import { sharedSchemas } from '../../schemas/index.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/log.ts'
import { packageVersion } from '../runtime/package-version.ts'
import type { Connector } from '../zookeeper/connection.ts'
import { clusterServices } from './cluster-services.ts'
import type { ApiConfig } from './config.ts'
import { httpServer } from './http-server.ts'
import authentication from './plugins/authentication.ts'
import description from './plugins/description.ts'
import forms from './plugins/forms.ts'
import problemReplies, { frameworkProblem } from './plugins/problems.ts'
import viewHeaders, { setViewHeaders } from './plugins/view-headers.ts'
import { serialised } from './serialiser.ts'
import { validatorCompiler } from './validator.ts'

/** Bytes of a body at most. */
const BODY_LIMIT = 65_536
/** Characters of a part of the path at most: more than any name, so that too long a name is told as such. */
const PARAM_LIMIT = 1_024

export interface AppOptions {
  readonly config: ApiConfig
  readonly clock: Clock
  readonly connector: Connector
  readonly log: Logger
  /** From 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** A fresh random uuid as 32 lower-case hexadecimal digits. */
  readonly uuid: () => string
  /** Clients that may wait at once; 20,000 unless told. */
  readonly waitersLimit?: number
}

/** Builds the application, which begins to connect at once. Not listening yet. */
export async function buildApp (options: AppOptions): Promise<FastifyInstance> {
  const { config, clock, connector, log, random, uuid, waitersLimit } = options
  const loggerInstance: FastifyBaseLogger = log
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: PARAM_LIMIT, ignoreTrailingSlash: true },
    // These come before any route and its hooks.
    frameworkErrors (error, request, reply) {
      setViewHeaders(reply, app.services.view)
      frameworkProblem(error, request, reply)
    },
    serverFactory: (handler) => httpServer(config.tls, handler),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(() => serialised)
  app.removeContentTypeParser('text/plain')
  for (const schema of sharedSchemas) app.addSchema(schema)

  const services = clusterServices({
    servers: config.servers.map(({ host, port }) => host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`),
    sessionTimeout: config.sessionTimeout,
    connector,
    clock,
    random,
    uuid,
    log,
    identifier: `pvcapid ${config.node ?? ''}`.trim(),
    ...(waitersLimit === undefined ? {} : { waitersLimit }),
  })
  app.decorate('services', services)
  app.addHook('preClose', async () => services.waiters.end())
  app.addHook('onClose', async () => await services.close())

  await app.register(problemReplies)
  await app.register(viewHeaders, { view: services.view })
  await app.register(authentication, { tokens: config.tokens })
  await app.register(description, { version: packageVersion() })
  await app.register(async (pvc) => {
    await pvc.register(forms)
    for (const route of formRoutes) await pvc.register(route, { prefix })
  })
  for (const route of apiRoutes) await app.register(route, { prefix })
  for (const route of plainRoutes) await app.register(route)
  return app
}
