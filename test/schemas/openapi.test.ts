/** The committed description: made from the routes, complete, and clean for a public linter. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { packageFolder } from '../../tools/testbed/daemon-process.ts'
import { openapiText } from '../../tools/reference/openapi-text.ts'

const FILE = join(packageFolder(), 'openapi', 'openapi.json')
interface Body { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> }
interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
}
const text = readFileSync(FILE, 'utf8')
const description = JSON.parse(text) as {
  readonly openapi: string
  readonly info: { readonly license: { readonly name: string } }
  readonly servers: readonly unknown[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

t.test('it is what the routes say', async (t) => {
  t.equal(await openapiText(), text, 'else: npm run openapi')
})

t.test('every operation is complete', async (t) => {
  t.match(description, { openapi: '3.1.0', info: { license: { name: 'MIT' } } })
  t.equal(description.servers.length, 1)
  const operations = Object.entries(description.paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ at: `${verb} ${path}`, operation })))
  t.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length, 'each has an id of its own')
  for (const { at, operation } of operations) {
    t.match(operation, { operationId: String, summary: String, description: String, tags: [String] }, at)
    t.ok(Object.keys(operation.responses).some((status) => status.startsWith('4')), `${at}: an error of the client's`)
  }
  const used = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name))
  t.strictSame(Object.keys(description.components.schemas).filter((name) => !used.has(name)), [], 'every shared schema is used')
  t.notMatch(text, /def-\d/)
})

t.test('every body has an example, which is as its schema says', async (t) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(description, 'openapi')
  const pointer = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
  for (const [path, verbs] of Object.entries(description.paths)) {
    for (const [verb, { requestBody, responses }] of Object.entries(verbs)) {
      for (const [where, body] of [['requestBody', requestBody], ...Object.entries(responses).map(([status, reply]) => [`responses/${status}`, reply] as const)] as const) {
        for (const [type, media] of Object.entries(body?.content ?? {})) {
          const valid = ajv.getSchema(`openapi#/paths/${pointer(path)}/${verb}/${where}/content/${pointer(type)}/schema`)
          t.ok(media.example !== undefined && valid?.(media.example), `${verb} ${path} ${where}: ${JSON.stringify(valid?.errors ?? 'none')}`)
          const { status } = media.example as { readonly status?: unknown }
          if (type === 'application/problem+json') t.equal(`responses/${String(status)}`, where, `${verb} ${path}`)
        }
      }
    }
  }
})

t.test('a public linter finds nothing', async (t) => {
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/redocly', ['lint', FILE, '--format=json'], {
    encoding: 'utf8', env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  })
  t.equal(status, 0, stderr)
  const { totals } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { totals: unknown }
  t.strictSame(totals, { errors: 0, warnings: 0, ignored: 0 })
})
