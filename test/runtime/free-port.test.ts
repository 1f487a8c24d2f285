/** Ports for servers under test: two processes that look for one at the same moment are never given the same. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { freePort } from '../../tools/testbed/free-port.ts'

const many = async (count: number) => await Promise.all(Array.from({ length: count }, freePort))

t.test('each is given once, and can be listened on', async (t) => {
  const PROGRAM = `
    import { freePort } from ${JSON.stringify(new URL('../../tools/testbed/free-port.js', import.meta.url).href)}
    console.log(JSON.stringify(await Promise.all(Array.from({ length: 200 }, freePort))))
    process.stdin.resume()
  `
  const children = [1, 2].map(() => spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] }))
  t.teardown(() => { for (const child of children) child.kill('SIGKILL') })
  const theirs = children.map(async ({ stdout }) => JSON.parse(String((await once(stdout, 'data'))[0])) as number[])
  const given = (await Promise.all([many(200), ...theirs])).flat()
  t.equal(new Set(given).size, 600)
  const server = createServer().listen(given[0], '127.0.0.1')
  await once(server, 'listening')
  server.close()
})
