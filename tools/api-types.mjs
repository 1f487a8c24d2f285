/**
 * Makes src/pvcctl/client/api.d.ts: the types of the requests that pvcctl makes, by openapi-typescript, from openapi/openapi.json. Only the routes that it
 * calls are in it. Every build begins with it; the file is not committed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const DESCRIPTION = 'openapi/openapi.json'
const API_TYPES = 'src/pvcctl/client/api.d.ts'

/** Path → the methods that are called. */
const CALLED = {
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

/** Without what makes no type: examples, and alternatives that only say which properties have to be there, of which `unknown` would be made. */
const typed = (text) => JSON.parse(text, (name, value) => {
  const isRequiredOnly = name === 'anyOf' && Array.isArray(value) && value.every((each) => Object.keys(each).join() === 'required')
  return name === 'example' || name === 'examples' || isRequiredOnly ? undefined : value
})

const withoutHeaders = (operation) =>
  ({ ...operation, responses: Object.fromEntries(Object.entries(operation.responses).map(([status, response]) => [status, { ...response, headers: undefined }])) })

/** The names of all schemas that `part` leads to. */
function schemasOf (part, schemas, found = new Set()) {
  for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (found.has(name)) continue
    found.add(name)
    schemasOf(schemas[name], schemas, found)
  }
  return found
}

const { paths, components, ...rest } = JSON.parse(readFileSync(DESCRIPTION, 'utf8'))
const called = Object.fromEntries(Object.entries(CALLED).map(([path, methods]) => [path, Object.fromEntries(methods.map((method) => {
  const operation = paths[path]?.[method]
  if (operation === undefined) throw new Error(`tools/api-types.mjs: there is no ${method.toUpperCase()} ${path} in ${DESCRIPTION} any more`)
  return [method, withoutHeaders(operation)]
}))]))
const names = schemasOf(called, components.schemas)
const description = { ...rest, paths: called, components: { schemas: Object.fromEntries(Object.entries(components.schemas).filter(([name]) => names.has(name))) } }
const types = await openapiTS(typed(JSON.stringify(description)), { silent: true })
writeFileSync(API_TYPES, `/* Made by tools/api-types.mjs from ${DESCRIPTION} at each build; do not edit. */\n\n${astToString(types)}`)
