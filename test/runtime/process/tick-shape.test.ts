/** The hidden class of Node's ticks outlives garbage collections at whose moment no tick waits. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'

const script = (module: string) => `
import { executionAsyncResource } from 'node:async_hooks'
import { heldTick } from ${JSON.stringify(module)}
const tick = () => new Promise((resolve) => process.nextTick(() => resolve(executionAsyncResource())))
// A turn of the event loop in which no tick waits.
const later = () => new Promise((resolve) => setImmediate(resolve))
for (let count = 0; count < 200; count++) await tick()
for (let count = 0; count < 8; count++) {
  await later()
  gc()
}
await later()
const held = heldTick()
console.log(typeof held, held !== undefined && %HaveSameMap(held, await tick()))
`

t.test('a tick after the collections has the hidden class of the one that is held', async (t) => {
  const module = pathToFileURL(join(packageFolder(), 'dist', 'src', 'runtime', 'process', 'tick-shape.js')).href
  const said = execFileSync(process.execPath, ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '--eval', script(module)], { encoding: 'utf8' })
  t.equal(said, 'object true\n')
})

t.test('both daemons hold one from their first import on', async (t) => {
  for (const daemon of ['pvcapid', 'pvcnoded']) {
    const main = readFileSync(join(packageFolder(), 'src', daemon, 'main.ts'), 'utf8')
    t.match(/^import .*$/m.exec(main)?.[0], /tick-shape/)
  }
})
