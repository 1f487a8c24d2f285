/**
 * Switches the primary and waits for the end, in types made from the API's own description:
 *
 *     npm install
 *     npm run types -- http://hv1:7370/openapi.json      # writes pvcapid.d.ts
 *     npm run build && node switch-and-wait.js http://hv1:7370 hv2
 *
 * PVC_API_KEY is the key, where one is needed. Exits 0 if the switchover succeeded, 1 if it ended otherwise or was refused.
 */
import createClient from 'openapi-fetch'
import type { paths } from './pvcapid.d.ts'

const [baseUrl = 'http://127.0.0.1:7370', to = ''] = process.argv.slice(2)
const key = process.env['PVC_API_KEY']
const api = createClient<paths>({ baseUrl, headers: key === undefined ? {} : { 'X-Api-Key': key } })

const asked = await api.POST('/api/v1/switchover', { body: { to, reason: 'example' } })
if (asked.data === undefined) throw new Error(`refused: ${asked.error.detail}`)
const { epoch } = asked.data

for (;;) {
  const { data, error } = await api.GET('/api/v1/switchover/{epoch}', { params: { path: { epoch }, query: { wait: 25 } } })
  if (error !== undefined) throw new Error(error.detail)
  if (!data.done) continue
  console.log(`switchover ${epoch} from ${data.from ?? 'nobody'} to ${to}: ${data.outcome}`)
  process.exitCode = data.outcome === 'succeeded' ? 0 : 1
  break
}
