/** The example's playbook: its URLs, methods, fields and statuses are those of the API's description. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

interface Uri { readonly url: string, readonly method?: string, readonly body?: object, readonly status_code: readonly number[] }
interface Task { readonly 'ansible.builtin.uri': Uri, readonly register: string, readonly check_mode?: boolean, readonly changed_when: string, readonly when?: string }
interface Schema { readonly properties: object }
interface Operation { readonly responses: object, readonly parameters?: ReadonlyArray<{ readonly name: string }>, readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } } }

const text = readFileSync('examples/ansible/switchover.yml', 'utf8')
const [{ tasks }] = parse(text) as [{ readonly tasks: readonly [Task, Task] }]
const { paths, components: { schemas } } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>, readonly components: { readonly schemas: { readonly Switchover: Schema } } }

t.test('what it asks for is described', async (t) => {
  for (const { 'ansible.builtin.uri': { url, method = 'GET', body = {}, status_code: statuses } } of tasks) {
    const [path = '', query = ''] = url.replace('{{ api }}', '').replace('{{ asked.json.epoch }}', '{epoch}').split('?')
    const operation = paths[path]?.[method.toLowerCase()]
    t.ok(operation !== undefined, `${method} ${path}`)
    for (const status of statuses) t.ok(String(status) in (operation?.responses ?? {}), `${path}: ${status}`)
    for (const name of new URLSearchParams(query).keys()) t.ok(operation?.parameters?.some((parameter) => parameter.name === name), `${path}: ${name}`)
    for (const field of Object.keys(body)) t.ok(field in (operation?.requestBody?.content['application/json'].schema.properties ?? {}), `${path}: ${field}`)
  }
  const fields = [...text.matchAll(/\b(?:asked|ended)\.json\.(\w+)/g)].map(([, field = '']) => field)
  for (const field of fields) t.ok(field in schemas.Switchover.properties, field)
  t.ok(fields.length > 3)
})

t.test('check mode writes nothing, and what was so already is no change', async (t) => {
  const [ask, wait] = tasks
  t.match(ask, { 'ansible.builtin.uri': { body: { dry_run: /ansible_check_mode/ } }, check_mode: false, changed_when: /already/ })
  t.match(wait, { when: /not ansible_check_mode and not \(asked\.json\.already/, changed_when: /'succeeded'/ })
})
