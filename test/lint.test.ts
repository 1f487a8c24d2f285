/** Every import rule and every clock rule of eslint.config.js catches a violation planted in its layer, and lets clean text pass. */
import { ESLint } from 'eslint'
import t from 'tap'

const eslint = new ESLint()

async function rulesBroken (filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath })
  return [...new Set(result?.messages.map(({ ruleId }) => ruleId ?? 'parse error'))]
}

const use = (specifier: string) => `import { x } from '${specifier}'\n\nx()`
const useType = (specifier: string) => `import type { X } from '${specifier}'\n\nexport const y = (x: X) => x`

const imports = 'no-restricted-imports'
const typed = '@typescript-eslint/no-restricted-imports'
const named = 'no-restricted-globals'
const property = 'no-restricted-properties'
const syntax = 'no-restricted-syntax'

const forbidden: ReadonlyArray<[file: string, rule: string, code: string]> = [
  ['src/core/probe.ts', imports, use('../runtime/clock.ts')],
  ['src/core/probe.ts', imports, use('./../runtime/clock.ts')],
  ['src/core/probe.ts', imports, use('node:fs')],
  ['src/core/probe.ts', imports, use('typebox')],
  ['src/core/probe.ts', imports, useType('../zookeeper/session.ts')],
  ['src/core/probe.ts', imports, "export { x } from '../runtime/clock.ts'"],
  ['src/core/probe.ts', syntax, "export const x = await import('node:fs')"],
  ...['setTimeout(x, 1)', 'setInterval(x, 1)', 'setImmediate(x)', 'queueMicrotask(x)', 'x(performance.now())', 'x(process.pid)', 'x(new Date())', 'x(Date.now())', 'fetch(x)', 'x(crypto.randomUUID())', 'globalThis.setTimeout(x, 1)', 'console.log(x)']
    .map((code): [string, string, string] => ['src/core/probe.ts', named, `export function y (x: any) { ${code} }`]),
  ['src/core/deep/probe.ts', property, 'export const x = Math.random()'],

  ...['zookeeper/session/session.ts', 'cluster/reading.ts', 'pvcapid/app.ts', 'pvcnoded/daemon/daemon.ts', '../routes/node.ts', '../schemas/node.ts']
    .map((path): [string, string, string] => ['src/runtime/probe.ts', imports, use(`../${path}`)]),
  ['src/runtime/probe.ts', imports, use('zookeeper')],
  ...['cluster/reading.ts', 'pvcapid/app.ts', 'pvcnoded/daemon/daemon.ts', '../routes/node.ts', '../schemas/node.ts']
    .map((path): [string, string, string] => ['src/zookeeper/probe.ts', imports, use(`../${path}`)]),
  ...['pvcapid/app.ts', 'pvcnoded/daemon/daemon.ts', '../routes/node.ts', '../schemas/node.ts']
    .map((path): [string, string, string] => ['src/cluster/probe.ts', imports, use(`../${path}`)]),
  ...['core/model', 'zookeeper/session', 'cluster', 'runtime', 'pvcnoded/daemon'].map((folder): [string, string, string] => [`src/${folder}/probe.ts`, imports, use(`${folder.includes('/') ? '../..' : '..'}/projection/api-snapshot.ts`)]),
  ['src/projection/probe.ts', imports, use('../pvcapid/app.ts')],
  ['src/core/model/probe.ts', imports, use('../../cluster/reading.ts')],
  ['src/cluster/probe.ts', imports, use('zookeeper')],
  ['src/pvcapid/probe.ts', imports, use('../pvcnoded/daemon.ts')],
  ['src/pvcapid/plugins/probe.ts', imports, useType('../../pvcnoded/config.ts')],
  ['src/pvcapid/probe.ts', imports, use('zookeeper')],
  ...['pvcapid/app.ts', '../routes/node.ts', '../schemas/node.ts']
    .map((path): [string, string, string] => ['src/pvcnoded/probe.ts', imports, use(`../${path}`)]),
  ['src/pvcnoded/resources/probe.ts', imports, use('zookeeper')],
  ...['core/model/states.ts', 'zookeeper/session/session.ts', 'cluster/reading.ts', 'projection/api-snapshot.ts', 'pvcapid/app.ts', 'pvcnoded/daemon/daemon.ts', '../routes/node.ts', '../schemas/node.ts']
    .map((path): [string, string, string] => ['src/pvcctl/probe.ts', imports, use(`../${path}`)]),
  ['src/pvcctl/commands/probe.ts', imports, use('zookeeper')],
  ...['src/core/model', 'src/runtime', 'src/zookeeper', 'src/cluster', 'src/projection', 'src/pvcapid', 'src/pvcnoded', 'routes'].map((folder): [string, string, string] => [`${folder}/probe.ts`, imports, use(`${folder === 'routes' ? '../src' : folder === 'src/core/model' ? '../..' : '..'}/pvcctl/client/cluster.ts`)]),
  ['schemas/probe.ts', imports, use('../src/core/states.ts')],
  ['schemas/probe.ts', imports, use('./../src/core/states.ts')],
  ['schemas/probe.ts', imports, use('fastify')],
  ...['core/model/states.ts', 'zookeeper/session/session.ts', 'runtime/clock.ts', 'cluster/reading.ts', 'pvcnoded/daemon/daemon.ts']
    .map((path): [string, string, string] => ['routes/probe.ts', imports, useType(`../src/${path}`)]),
  ['routes/probe.ts', imports, use('zookeeper')],
  ['routes/probe.ts', typed, use('../src/pvcapid/switchover-service.ts')],

  ...['src/runtime/probe.ts', 'src/zookeeper/probe.ts', 'src/cluster/probe.ts', 'src/pvcapid/probe.ts', 'src/pvcnoded/collectors/probe.ts', 'src/pvcctl/commands/probe.ts', 'routes/probe.ts', 'schemas/probe.ts'].flatMap((file): Array<[string, string, string]> => [
    [file, named, 'export const y = (x: any) => setTimeout(x, 1)'],
    [file, named, 'export const y = (x: any) => setInterval(x, 1)'],
    [file, named, 'export const y = (x: any) => setImmediate(x)'],
    [file, named, 'export const y = performance.now()'],
    [file, property, 'export const y = Date.now()'],
    [file, property, 'export const y = process.hrtime.bigint()'],
    [file, property, 'export const y = (x: any) => globalThis.setTimeout(x, 1)'],
    [file, syntax, 'export const y = new Date()'],
    [file, syntax, "export const y = import('node:fs')"],
    [file, imports, use('node:timers/promises')],
    [file, imports, "import { performance } from 'node:perf_hooks'\n\nperformance.now()"],
  ]),
  ['src/zookeeper/client/deliveries.ts', named, 'export const y = (x: any) => setTimeout(x, 1)'],
  ['src/runtime/process/command.ts', named, 'export const y = (x: any) => setTimeout(x, 1)'],
]

const allowed: ReadonlyArray<[file: string, code: string]> = [
  ['src/core/probe.ts', use('./states.ts')],
  ['src/core/probe.ts', use('./deep/states.ts')],
  ['src/runtime/probe.ts', use('../core/states.ts')],
  ['src/runtime/probe.ts', "import { monitorEventLoopDelay } from 'node:perf_hooks'\n\nmonitorEventLoopDelay()"],
  ['src/zookeeper/probe.ts', use('../runtime/clock.ts')],
  ['src/zookeeper/probe.ts', use('zookeeper')],
  ['src/zookeeper/client/deliveries.ts', 'export const y = (x: any) => setImmediate(x)'],
  ['src/runtime/clock.ts', 'export const y = [performance.now(), new Date(), setTimeout]'],
  ['src/cluster/probe.ts', use('../zookeeper/session.ts')],
  ['src/cluster/probe.ts', use('../runtime/clock.ts')],
  ['src/pvcapid/probe.ts', use('../../routes/node.ts')],
  ['src/pvcapid/probe.ts', use('../zookeeper/session.ts')],
  ['src/pvcapid/probe.ts', 'export const y = (x: number) => new Date(x)'],
  ['src/pvcnoded/probe.ts', use('../core/states.ts')],
  ['schemas/probe.ts', use('typebox')],
  ['schemas/probe.ts', use('./node.ts')],
  ['routes/probe.ts', use('../schemas/node.ts')],
  ['routes/probe.ts', use('fastify-plugin')],
  ['routes/probe.ts', useType('../src/pvcapid/app.ts')],
]

for (const [file, rule, code] of forbidden) {
  t.test(`${file} may not: ${code.replaceAll('\n', ' ')}`, async (t) => {
    t.ok((await rulesBroken(file, code)).includes(rule), `caught by ${rule}`)
  })
}

for (const [file, code] of allowed) {
  t.test(`${file} may: ${code.replaceAll('\n', ' ')}`, async (t) => {
    t.same(await rulesBroken(file, code), [])
  })
}
