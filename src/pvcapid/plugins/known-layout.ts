/**
 * Every write is refused while the cluster uses a newer version of PVC's layout than this API knows, before its handler is called, so that the reply can say
 * that nothing was written. Behind this the connector refuses as well (`src/cluster/layout-guard.ts`): writes of handlers that had begun, and of pvcapid's own accord.
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { newerSchemaSentence } from '../../core/pvc/schema.ts'
import { schemaTooNew } from '../errors/errors.ts'
import type { ClusterCache } from '../services/cluster-cache.ts'

async function knownLayout (app: FastifyInstance, { view }: { readonly view: ClusterCache }): Promise<void> {
  app.addHook('preHandler', ({ method, is404 }, _reply, done) => {
    const version = is404 || method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? null : view.newerSchema
    if (version == null) done()
    else done(schemaTooNew(newerSchemaSentence(version, 'API'), undefined, 'not_started'))
  })
}

export default fp(knownLayout, { name: 'known-layout', dependencies: ['problems'] })
