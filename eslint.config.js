/**
 * The layering ("Folders" in docs/architecture.md) and the purity rules, enforced: imports run core ← zookeeper, runtime ←
 * cluster ← pvcapid, pvcnoded, and runtime ← pvcctl; nothing outside src/runtime/clock.ts reads a clock or starts a timer. Each rule has a planted
 * violation in test/lint.test.ts.
 */
import neostandard, { plugins } from 'neostandard'

const clients = { regex: '^zookeeper(/|$)', message: 'Only src/zookeeper talks to ZooKeeper.' }
const timers = { regex: '^(node:)?timers(/|$)', message: 'Timers come from the injected Clock.' }
const performance = { regex: '^(node:)?perf_hooks$', importNames: ['performance', 'default'], message: 'Time comes from the injected Clock.' }

/** Files which may not import from `folders`, nor what `patterns` name. */
const layer = (name, files, folders, patterns = []) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', {
      patterns: [
        ...folders.map((folder) => ({ group: [`**/${folder}`, `**/${folder}/**`, `!${folder}`], message: `${name} may not import ${folder}.` })),
        timers,
        performance,
        ...patterns,
      ],
    }],
  },
})

const globals = (names, message) => ['error', ...names.map((name) => ({ name, message }))]
const injected = 'Time comes from the injected Clock (src/runtime/clock.ts).'
const pure = 'The core has no clock, timer, I/O or randomness: pass it in as data.'
const clock = ['setTimeout', 'setInterval', 'performance']
const impure = [...clock, 'setImmediate', 'queueMicrotask', 'process', 'fetch', 'crypto', 'Date', 'console', 'globalThis', 'global', 'WebSocket', 'BroadcastChannel', 'Buffer']
const dynamicImport = { selector: 'ImportExpression', message: 'Imports are static, so that the layers can be checked.' }
const presentDate = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: injected }

export default [
  ...neostandard({ ts: true, ignores: ['dist/', 'coverage/', '.tap/', 'src/pvcctl/client/api.d.ts'] }),
  {
    rules: {
      '@stylistic/comma-dangle': ['error', 'only-multiline'],
      'no-void': 'off',
    },
  },

  // The status page runs in browsers.
  {
    files: ['public/**/*.js'],
    languageOptions: { globals: Object.fromEntries(['document', 'fetch', 'sessionStorage', 'setInterval', 'setTimeout', 'clearTimeout', 'TextDecoderStream', 'AbortController', 'AbortSignal'].map((name) => [name, 'readonly'])) },
  },

  // Who may import whom.
  layer('core', ['src/core/**/*.ts'], ['runtime', 'zookeeper', 'cluster', 'projection', 'pvcapid', 'pvcnoded', 'pvcctl', 'routes', 'schemas'], [
    { regex: '^(?!\\.)', message: 'The core imports nothing outside the core.' },
  ]),
  layer('runtime', ['src/runtime/**/*.ts'], ['zookeeper', 'cluster', 'projection', 'pvcapid', 'pvcnoded', 'pvcctl', 'routes', 'schemas'], [clients]),
  layer('zookeeper', ['src/zookeeper/**/*.ts'], ['cluster', 'projection', 'pvcapid', 'pvcnoded', 'pvcctl', 'routes', 'schemas']),
  layer('cluster', ['src/cluster/**/*.ts'], ['projection', 'pvcapid', 'pvcnoded', 'pvcctl', 'routes', 'schemas'], [clients]),
  layer('projection', ['src/projection/**/*.ts'], ['pvcapid', 'pvcnoded', 'pvcctl', 'routes', 'schemas'], [clients]),
  layer('pvcapid', ['src/pvcapid/**/*.ts'], ['pvcnoded', 'pvcctl'], [clients]),
  layer('pvcnoded', ['src/pvcnoded/**/*.ts'], ['projection', 'pvcapid', 'pvcctl', 'routes', 'schemas'], [clients]),
  // What it knows of the API is the description.
  layer('pvcctl', ['src/pvcctl/**/*.ts'], ['core', 'zookeeper', 'cluster', 'projection', 'pvcapid', 'pvcnoded', 'routes', 'schemas'], [clients]),
  layer('schemas', ['schemas/**/*.ts'], [], [{ regex: '^(?!typebox(/|$)|\\./)|\\.\\./', message: 'Schemas import only typebox and one another.' }]),
  layer('routes', ['routes/**/*.ts'], ['core', 'zookeeper', 'runtime', 'cluster', 'projection', 'pvcnoded', 'pvcctl'], [clients]),
  {
    files: ['routes/**/*.ts'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ group: ['**/pvcapid', '**/pvcapid/**'], allowTypeImports: true, message: 'Routes import only the types of pvcapid.' }] }],
    },
  },

  // Who may read a clock.
  {
    files: ['src/**/*.ts', 'routes/**/*.ts', 'schemas/**/*.ts'],
    ignores: ['src/core/**', 'src/runtime/clock.ts'],
    rules: {
      'no-restricted-globals': globals([...clock, 'setImmediate'], injected),
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: injected },
        { object: 'process', property: 'hrtime', message: injected },
        ...[...clock, 'setImmediate'].map((property) => ({ object: 'globalThis', property, message: injected })),
      ],
      'no-restricted-syntax': ['error', dynamicImport, presentDate],
    },
  },
  {
    // These touch the event loop itself: the native client's callbacks, a child's pipes, replies that are written together, and requests that are begun in turns.
    files: ['src/zookeeper/client/deliveries.ts', 'src/runtime/process/command.ts', 'src/pvcapid/fast-path/write-batch.ts', 'src/pvcapid/http/connections.ts', 'src/pvcapid/http/turns.ts'],
    rules: { 'no-restricted-globals': globals(clock, injected) },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': globals(impure, pure),
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: pure }],
      'no-restricted-syntax': ['error', dynamicImport],
    },
  },
]
