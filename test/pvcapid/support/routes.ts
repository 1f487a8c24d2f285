/** The routes of an API, for tests that go through all of them. */
import type { FastifyInstance } from 'fastify'

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS'

/** Every route that is registered, hidden ones included, with its parameters filled in: from the tree that the framework prints. */
export function routesOf (app: FastifyInstance): ReadonlyArray<readonly [Method, string]> {
  const parts: string[] = []
  return app.printRoutes({ commonPrefix: false }).split('\n').flatMap((line) => {
    const [, indent, part, methods = ''] = /^(.*?)[├└]── (\S*)(?: \((.*)\))?$/.exec(line) ?? []
    if (indent === undefined || part === undefined) return []
    parts.splice(indent.length / 4)
    parts.push(part)
    const url = parts.join('').replace(':node', 'fig').replace(':epoch', '1').replace(':id', 'one').replace(/.*\*$/, '/docs/static/swagger-ui.css')
    return methods.split(', ').filter((method) => method !== '').map((method) => [method as Method, url] as const)
  })
}
