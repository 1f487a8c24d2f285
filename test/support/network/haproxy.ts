/** Debian's HAProxy as a process, with an example configuration, and what it says of its servers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../../../tools/testbed/free-port.ts'

export interface ServerState { readonly name: string, readonly up: boolean }

export class HAProxy {
  readonly port: number
  readonly #socket: string

  private constructor (port: number, socket: string) {
    this.port = port
    this.#socket = socket
  }

  /** @param variables those that the configuration's file uses, beside the two for the address and the socket */
  static async start (t: Test, file: string, variables: Readonly<Record<string, string>>): Promise<HAProxy> {
    const port = await freePort()
    // Short: the path of a socket has 107 bytes at most.
    const folder = mkdtempSync(join(tmpdir(), 'haproxy-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const socket = join(folder, 'stats')
    const child = spawn('haproxy', ['-db', '-f', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...variables, HAPROXY_BIND: `127.0.0.1:${port}`, HAPROXY_STATS: socket },
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
    const failed = once(child, 'close').then(() => { throw new Error(`haproxy ended: ${said}`) }, () => { throw new Error('haproxy is missing: apt install haproxy') })
    failed.catch(() => {})
    t.teardown(async () => {
      const ended = once(child, 'close')
      if (child.exitCode === null && child.kill('SIGKILL')) await ended
    })
    const made = new HAProxy(port, socket)
    const answers = async (): Promise<void> => {
      while (!await made.states().then(() => true, () => false)) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await Promise.race([answers(), failed])
    return made
  }

  /** The state of each server of the configuration's one backend. */
  async states (): Promise<readonly ServerState[]> {
    const lines = (await this.#ask('show stat')).split('\n').filter((line) => line !== '')
    const names = (lines.shift() ?? '').replace(/^# /, '').split(',')
    const rows = lines.map((line) => new Map(line.split(',').map((value, index) => [names[index] ?? '', value] as const)))
    return rows.filter((row) => row.get('type') === '2').map((row) => ({ name: row.get('svname') ?? '', up: row.get('status')?.startsWith('UP') === true }))
  }

  async #ask (command: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      let answer = ''
      const socket = connect(this.#socket, () => { socket.write(`${command}\n`) })
      socket.on('data', (chunk) => { answer += chunk.toString() })
      socket.once('error', reject)
      socket.once('end', () => resolve(answer))
    })
  }
}
