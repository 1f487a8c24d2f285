/**
 * src/pvcctl/client/api.d.ts: the types of the requests that pvcctl makes, by openapi-typescript, from the committed description. Only the routes that it
 * calls are in it, without examples and the headers of replies, so that the file can be read.
 */
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'

export const API_TYPES = 'src/pvcctl/client/api.d.ts'

/** Path → the methods that are called. */
const CALLED: Readonly<Record<string, readonly string[]>> = {
  '/health/ready': ['get'],
  '/health/cluster': ['get'],
  '/api/v1/status': ['get', 'post'],
  '/api/v1/primary': ['get'],
  '/api/v1/node': ['get'],
  '/api/v1/node/{node}': ['get', 'delete'],
  '/api/v1/node/{node}/fence-confirmation': ['post'],
  '/api/v1/switchover': ['get', 'post'],
  '/api/v1/switchover/eligibility': ['get'],
  '/api/v1/switchover/{epoch}': ['get'],
  '/api/v1/switchover/{epoch}/timeline': ['get'],
  '/api/v1/events': ['get'],
}

interface Operation { readonly responses: Readonly<Record<string, object>> }
interface Description { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>, readonly components: { readonly schemas: Readonly<Record<string, unknown>> } }

/** Without what makes no type: examples, and alternatives that only say which properties have to be there, of which `unknown` would be made. */
const typed = (text: string): unknown => JSON.parse(text, (name, value: unknown) => {
  const isRequiredOnly = name === 'anyOf' && Array.isArray(value) && value.every((each: object) => Object.keys(each).join() === 'required')
  return name === 'example' || name === 'examples' || isRequiredOnly ? undefined : value
})

const withoutHeaders = (operation: Operation): Operation =>
  ({ ...operation, responses: Object.fromEntries(Object.entries(operation.responses).map(([status, response]) => [status, { ...response, headers: undefined }])) })

/** The names of all schemas that `part` leads to. */
function schemasOf (part: unknown, schemas: Readonly<Record<string, unknown>>, found = new Set<string>()): ReadonlySet<string> {
  for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (found.has(name)) continue
    found.add(name)
    schemasOf(schemas[name], schemas, found)
  }
  return found
}

/** @param text of openapi/openapi.json */
export async function apiTypes (text: string): Promise<string> {
  const { paths, components, ...rest } = JSON.parse(text) as Description
  const called = Object.fromEntries(Object.entries(CALLED).map(([path, methods]) => [path, Object.fromEntries(methods.map((method) => {
    const operation = paths[path]?.[method]
    if (operation === undefined) throw new Error(`tools/reference/api-types.ts: there is no ${method.toUpperCase()} ${path} any more`)
    return [method, withoutHeaders(operation)]
  }))]))
  const names = schemasOf(called, components.schemas)
  const description = { ...rest, paths: called, components: { schemas: Object.fromEntries(Object.entries(components.schemas).filter(([name]) => names.has(name))) } }
  const types = await openapiTS(typed(JSON.stringify(description)) as OpenAPI3, { silent: true })
  return `/* Made by npm run docs from openapi/openapi.json; do not edit. */\n\n${astToString(types)}`
}
