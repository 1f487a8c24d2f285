/** `npm run demo`, once built: which port its first API has, and that everything that it prints for an operator to use can be used. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { asUser, packageFolder } from '../../tools/testbed/daemon-process.ts'
import { freePort } from '../../tools/testbed/free-port.ts'
import { endGroup, Pvcctl } from '../pvcctl/support/pvcctl.ts'

const demo = (...args: readonly string[]): string => `exec ${asUser([process.execPath, join(packageFolder(), 'dist/tools/demo.js'), ...args]).join(' ')}`

/** Listens at this port of 127.0.0.1 until the test ends; another program that has it already does as well. */
async function taken (t: Test, port: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE' ? resolve() : reject(error)).listen(port, '127.0.0.1'))
  t.teardown(() => server.close())
}

t.test('the port that was given, and the switchover', async (t) => {
  const port = await freePort()
  const { status, stdout, stderr } = await new Pvcctl(t).shell(demo('--once', '--port', String(port))).ended
  t.strictSame([status, stderr], [0, ''], stdout)
  t.match(stdout, new RegExp(`the API beside hv1 answers at http://127\\.0\\.0\\.1:${port}\n`))
  t.match(stdout, /succeeded after/)
  t.notMatch(stdout, /is taken/)
})

t.test('the port that was given is taken', async (t) => {
  const port = await freePort()
  await taken(t, port)
  const { status, stdout, stderr } = await new Pvcctl(t).shell(demo('--once', '--port', String(port))).ended
  t.strictSame([status, stdout], [1, ''])
  t.match(stderr, `npm run demo: port ${port} is taken by another program. Stop that one`)
})

t.test('port 7370 is taken: it says which one it uses, and what it prints fits that one', async (t) => {
  await taken(t, 7_370)
  const pvcctl = new Pvcctl(t)
  const { child, ended, says } = pvcctl.shell(demo())
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => { said += chunk.toString() })
  await says(/Ctrl-C stops everything/)
  const [first = ''] = said.split('\n')
  const port = /port 7370 is taken by another program; the first API has port (\d+) instead: write \1 for 7370 in README's curl lines$/.exec(first)?.[1] ?? ''
  t.not(port, '', first)
  const status = new RegExp(`the status page: (http://127\\.0\\.0\\.1:${port}/)\n`).exec(said)?.[1] ?? ''
  t.match(await (await fetch(status)).text(), /^<!doctype html>/i, 'the status page is there')
  const [, line = ''] = /pvcctl: (node dist\/src\/pvcctl\/main\.js .*)\n/.exec(said) ?? []
  t.match(await pvcctl.shell(`cd ${packageFolder()} && exec env -u NODE_OPTIONS ${line}`).ended, { status: 0, stdout: /^hv1 .*\nhv2 .*\nhv3 /m, stderr: '' }, line)
  const [, folder = ''] = /configuration files and logs of the daemons: (\S+)\/\*\.yaml and \*\.log/.exec(said) ?? []
  const daemons = ['pvcapid', 'pvcnoded'].flatMap((daemon) => ['hv1', 'hv2', 'hv3'].map((node) => `${daemon}-${node}`))
  t.strictSame(readdirSync(folder).filter((name) => /\.(?:yaml|log)$/.test(name)).sort(), daemons.flatMap((name) => [`${name}.log`, `${name}.yaml`]))
  t.match(readFileSync(join(folder, 'pvcapid-hv1.log'), 'utf8'), new RegExp(`"port":${port},.*"msg":"ready"`))
  endGroup(child, 'SIGINT')
  t.match(await ended, { status: 0, stderr: '' })
  t.notOk(existsSync(folder), 'nothing is left behind')
})
