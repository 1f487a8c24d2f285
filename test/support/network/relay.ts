/** A way from a host of a test's own (a network namespace) to a server on this machine's loopback, through a Unix socket, which no namespace hides. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { NetworkHost } from './network-host.ts'

const INSIDE = `
const { connect, createServer } = require('node:net')
const [address, port, path] = process.argv.slice(1)
createServer({ noDelay: true }, (client) => {
  const way = connect(path)
  client.pipe(way).pipe(client)
  for (const each of [client, way]) each.on('error', () => { client.destroy(); way.destroy() }).on('close', () => { client.destroy(); way.destroy() })
}).listen(Number(port), address, () => console.log('listening'))
`

/** Whoever connects to `port` of `host` reaches `target` on 127.0.0.1. */
export async function relay (t: Test, host: NetworkHost, port: number, target: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-'))
  const path = join(folder, 'socket')
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const way = connect({ port: target, host: '127.0.0.1', noDelay: true })
    client.pipe(way).pipe(client)
    for (const each of [client, way]) {
      sockets.add(each)
      each.on('error', () => each.destroy()).on('close', () => {
        sockets.delete(each)
        client.destroy()
        way.destroy()
      })
    }
  })
  server.listen(path)
  await once(server, 'listening')
  const [program = '', ...args] = [...host.prefix, process.execPath, '-e', INSIDE, host.address, String(port), path]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    rmSync(folder, { recursive: true, force: true })
  })
  await once(child.stdout, 'data')
}
