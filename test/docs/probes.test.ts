/** The probes that docs/operations.md gives an orchestrator: their routes exist, and a missing ZooKeeper takes an API out but does not restart it. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { openApi } from '../pvcapid/support/api.ts'
import { codeBlocks } from './support/pages.ts'

interface Probe { readonly httpGet: { readonly path: string, readonly port: string } }
interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [{ readonly ports: ReadonlyArray<{ readonly name: string, readonly containerPort: number }>, readonly startupProbe: Probe, readonly livenessProbe: Probe, readonly readinessProbe: Probe }]
}

const block = codeBlocks(readFileSync('docs/operations.md', 'utf8')).find(({ text }) => text.includes('livenessProbe:'))
const { terminationGracePeriodSeconds, containers: [container] } = parse(block?.text ?? '') as Pod
const { startupProbe, livenessProbe, readinessProbe, ports } = container

t.test('probes', async (t) => {
  const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as { readonly paths: Readonly<Record<string, { readonly get: { readonly security?: readonly unknown[] } }>> }
  for (const { httpGet: { path, port } } of [startupProbe, livenessProbe, readinessProbe]) {
    t.strictSame(paths[path]?.get.security, [], `${path} is a route that needs no key`)
    t.ok(ports.some(({ name }) => name === port), port)
  }
  t.strictSame(ports.map(({ containerPort }) => containerPort), [7370])
  const [, stop] = /^TimeoutStopSec=(\d+)$/m.exec(readFileSync('packaging/systemd/pvcapid.service', 'utf8')) ?? []
  t.ok(terminationGracePeriodSeconds >= Number(stop), 'as long as the unit gives')
})

t.test('without ZooKeeper an API is taken out, and not restarted', async (t) => {
  const app = await openApi(t, { port: 1, authentication: true })
  for (const [{ httpGet: { path } }, status] of [[startupProbe, 200], [livenessProbe, 200], [readinessProbe, 503]] as const) t.equal((await app.inject({ url: path, headers: { host: '192.0.2.1:7370' } })).statusCode, status, path)
})
