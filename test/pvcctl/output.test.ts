/** A standard output that cannot be written: no command passes for done whose result is lost. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { helpText } from '../../src/pvcctl/cli/help.ts'
import { Pvcctl } from './support/pvcctl.ts'

const LOST = /^pvcctl: Standard output could not be written \((?:ENOSPC: no space left on device|EFBIG: file too large)\): its text is lost, in part or in whole\. Free space, or write it elsewhere\.\n$/

const bodies: Readonly<Record<string, string>> = {
  '/health/ready': '{"status":"ok","view_age":0,"reasons":[]}',
  '/api/v1/node': '[]',
  '/api/v1/switchover': '[]',
  '/api/v1/switchover/eligibility': '[]',
}

/** An API that has what the commands ask for, and one event for those that follow. */
async function pretended (t: Test): Promise<string> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://x').pathname
    if (path === '/api/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: resync\nid: 1\ndata: {}\n\n')
      return
    }
    const body = bodies[path]
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(body ?? '{"code":"not_found","detail":"none"}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('help, version, completion and every kind of command', async (t) => {
  const pvcctl = new Pvcctl(t, { PVCCTL_API: await pretended(t) })
  for (const line of ['--help', '--version', 'switch --help', 'completion bash', 'completion zsh', 'list', 'list --json', 'history', 'history --json', 'eligible', 'eligible --json', 'watch', 'watch --json']) {
    const { status, stderr } = await pvcctl.shell(`pvcctl ${line} >/dev/full`).ended
    t.equal(status, 74, line)
    t.match(stderr, LOST, line)
    const piped = await pvcctl.shell(`bash -c 'pvcctl ${line} | true; exit "\${PIPESTATUS[0]}"'`).ended
    t.match(piped, { status: 0, stderr: '' }, `${line} | true`)
  }
})

t.test('the status of a failure stays, and check has its own', async (t) => {
  const pvcctl = new Pvcctl(t, { PVCCTL_API: 'http://127.0.0.1:1' })
  t.match(await pvcctl.shell('pvcctl list >/dev/full').ended, { status: 3, stderr: /No API could be asked/ })
  t.match(await pvcctl.shell('pvcctl nonsense >/dev/full').ended, { status: 2 })
  t.match(await pvcctl.shell('pvcctl check --help >/dev/full').ended, { status: 3, stderr: LOST })
  t.match(await pvcctl.shell('pvcctl check >/dev/full').ended, { status: 3, stderr: LOST })
})

t.test('a file that takes a part alone', async (t) => {
  const pvcctl = new Pvcctl(t)
  const file = join(pvcctl.folder, 'help')
  const { status, stderr } = await pvcctl.shell(`bash -c 'ulimit -f 1; trap "" XFSZ; pvcctl --help >${file}'`).ended
  t.equal(status, 74)
  t.match(stderr, LOST)
  t.equal(readFileSync(file, 'utf8'), helpText(null).slice(0, 1_024))
  t.match(await pvcctl.shell(`pvcctl --help >${file}`).ended, { status: 0, stderr: '' })
  t.equal(readFileSync(file, 'utf8'), helpText(null))
})
