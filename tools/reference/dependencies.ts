/**
 * docs/dependencies.md: what each dependency is for and why it is this one, from the list below, with its version and what it pulls in from the lockfile and
 * its size from node_modules. A dependency without a place in the list is an error, and so is one that is gone.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { closure, lockedPackages } from '../runtime-packages.ts'
import { code, page, table } from './markdown.ts'

type Reasons = Readonly<Record<string, readonly [purpose: string, why: string]>>

const runtime: Reasons = {
  fastify: ['HTTP server', 'Schemas judge requests and write replies; a hook for each moment of a request. Express has neither.'],
  'fastify-plugin': ['plugins of one file each', 'Fastify\'s own way to share what a plugin adds; it comes with Fastify\'s other plugins anyway.'],
  '@fastify/helmet': ['security headers', 'Kept by Fastify; knows which headers there are this year.'],
  '@fastify/swagger': ['OpenAPI 3.1 from the routes\' schemas', 'The description cannot differ from what is served.'],
  '@fastify/swagger-ui': ['Swagger UI at /docs', 'Serves its files itself, with a content security policy.'],
  'close-with-grace': ['an end in order on signals and faults', 'Second signals, faults during the end and a bound are easily got wrong.'],
  'openapi-fetch': ['the API client of pvcctl', 'Typed requests without generated code: the types alone are generated. The TypeScript example uses it, too.'],
  pino: ['JSON log lines', 'Fastify\'s own logger; redaction.'],
  'prom-client': ['metrics for Prometheus', 'Histograms and the text format, as Prometheus defines them.'],
  re2js: ['`limit` patterns of clients', 'Regular expressions in linear time: a pattern from outside must not stall the event loop. Pure JavaScript, no second native build.'],
  typebox: ['schemas of configuration, requests and replies', 'One schema is type, judge and description; no code generation.'],
  yaml: ['configuration files', 'Keeps line and column of every value, for messages; YAML 1.2.'],
  zookeeper: ['the ZooKeeper client', 'Bindings of ZooKeeper\'s own C client. Exactly this version: [patches/zookeeper.patch](adr/0006-the-native-client-is-patched.md) is for it.'],
}

const development: Reasons = {
  '@fastify/type-provider-typebox': ['types of handlers from their schemas', 'Types alone; nothing of it runs.'],
  '@redocly/cli': ['lints the OpenAPI description', 'A judge that this project did not write.'],
  '@types/node': ['types of Node 20', 'Node 20\'s, so that nothing newer slips in.'],
  ajv: ['judges the description\'s examples by its schemas', 'Another implementation than the one that serves.'],
  'axe-core': ['finds what keeps people from using the status page, in `npm run campaign -- pages`', 'The rules that other checkers use, too; brings nothing with it.'],
  'dependency-cruiser': ['finds circles of imports', 'The linter sees one file at a time; this reads the whole graph, types included. Version 16 is the last for Node 20.'],
  eslint: ['lint, and the rules between layers', 'Rules by folder.'],
  'fast-check': ['properties in tests', 'Shrinks what it finds.'],
  'github-slugger': ['anchors of headings, for the link check', 'GitHub\'s own algorithm. remark with its link plugin does the same with 190 packages more.'],
  knip: ['finds exports, files and dependencies that are not used', 'Knows TypeScript\'s module resolution.'],
  marked: ['reads Markdown, for the checks of the pages', 'No dependencies.'],
  neostandard: ['code style', 'A style to agree on rather than to discuss.'],
  'openapi-typescript': ['the types of pvcctl\'s requests, from the description, at each build', 'Goes with openapi-fetch.'],
  'playwright-core': ['drives Chromium in `npm run campaign -- pages`', 'Brings no browser of its own.'],
  publint: ['checks package.json as npm reads it', 'Small, and does one thing.'],
  tap: ['test runner', 'Runs TypeScript as it is, in processes of its own, with coverage.'],
  typescript: ['compiler', 'The language.'],
}

/** What is unpacked and built while installing, and differs between machines. */
const made = ['node_modules/zookeeper/build', 'node_modules/zookeeper/deps']

function bytes (folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== 'node_modules' && !made.includes(join(folder, name))).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? bytes(path) : entry.isFile() ? statSync(path).size : 0)
  }, 0)
}

function rows (names: readonly string[], reasons: Reasons): ReadonlyArray<readonly string[]> {
  const packages = lockedPackages('.')
  const unknown = [...names.filter((name) => !(name in reasons)), ...Object.keys(reasons).filter((name) => !names.includes(name))]
  if (unknown.length > 0) throw new Error(`tools/reference/dependencies.ts and package.json differ on ${unknown.join(', ')}`)
  return names.map((name) => {
    const folder = `node_modules/${name}`
    const [purpose = '', why = ''] = reasons[name] ?? []
    return [code(name), packages[folder]?.version ?? '', purpose, String(closure(packages, folder).size), `${(bytes(folder) / 1e6).toFixed(1)} MB`, why]
  })
}

export function dependenciesPage (): string {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
  const head = ['package', 'version', 'what for', 'pulls in', 'size', 'why this one']
  return page('Dependencies', 'tools/reference/dependencies.ts, package.json and package-lock.json',
    '"Pulls in" counts the packages that it leads to, many of them shared; the size is its own, without what is built on the machine.',
    '## At run time', table(head, rows(Object.keys(dependencies), runtime)),
    '## For development', table(head, rows(Object.keys(devDependencies), development)),
    '## Node',
    'Node 20.20 is what everything is tested with: every test and every campaign. Node\'s own maintenance of 20 ended in April 2026, so a distribution has to stand behind it. With 22.23 the native client was built and the tests of the core, the scenarios, the runtime, ZooKeeper, the routes and two of whole clusters were run: all passed. With 24.21 the native client was built and the tests of the routes, of contention, and of ZooKeeper but for `session` and `tree` were run: all passed. No campaign was run with either. A build is for one major version; Node 20\'s types keep newer functions out.')
}
