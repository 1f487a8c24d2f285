import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { problems, replies } from '../schemas/replies.ts'
import { RoleReport } from '../schemas/role.ts'

const roles = ['primary', 'secondary'] as const
const querystring = Type.Object({ node: Type.Optional(Type.String({ description: 'The node; this API\'s own unless given.', maxLength: 64, examples: ['hv1'] })) })

/** `/role/…`: for load balancers, by GET, HEAD or OPTIONS, which some of them send. */
const role: FastifyPluginAsyncTypebox = async (app) => {
  for (const name of roles) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const title = name === 'primary' ? 'Primary' : 'Secondary'
      app.route({
        method,
        url: `/role/${name}`,
        config: { access: 'open' },
        schema: {
          operationId: `${method === 'GET' ? 'get' : 'check'}Role${title}`,
          summary: `Whether a node is ${name}`,
          description: 'For load balancers: 200 only if it is certain, else 503 with the same body. A node in `takeover` or `relinquish` has neither role, and no node has one while the view is stale. Needs no key.',
          tags: ['health'],
          security: [],
          querystring,
          response: { 200: replies(RoleReport, 'It is.'), 503: replies(RoleReport, 'It is not, or that is not certain.'), ...problems(400) },
        },
        handler: ({ query }, reply) => {
          const { holds, body } = app.services.roles.report(name, query.node)
          return reply.code(holds ? 200 : 503).send(body)
        },
      })
    }
  }
}

export default role
