/**
 * What is measured, each in a process of its own: pvcapid as it ships, with authentication on, and the references. None outlives this process.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { DaemonProcess, packageFolder } from '../../tools/testbed/daemon-process.ts'

/** Keys that the measured API knows. */
export const READ_KEY = 'a-key-that-may-only-read'
export const OPERATE_KEY = 'a-key-that-may-do-everything'

const folders = new Set<string>()
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is gone with this process at the latest. */
export function temporaryFolder (): string {
  const folder = mkdtempSync(join(tmpdir(), 'pvc-bench-'))
  folders.add(folder)
  return folder
}

export interface ApiProcess extends AsyncDisposable {
  readonly daemon: DaemonProcess
  readonly port: number
  /** Milliseconds from its start to when it listened with everything read. */
  readonly startup: number
}

export interface ApiOptions {
  readonly node?: string
  readonly profile?: string | null
  readonly sessionTimeout?: number
}

/** A pvcapid on the server at `zookeeper`, without limits by the minute. Resolves once it is ready. */
export async function startPvcapid (zookeeper: string, { node = 'n0000', profile = null, sessionTimeout = 10 }: ApiOptions = {}): Promise<ApiProcess> {
  const folder = temporaryFolder()
  const file = join(folder, 'pvcapid.yaml')
  const tokens = [{ description: 'operators', role: 'operate', token: OPERATE_KEY }, { description: 'watch', role: 'read', token: READ_KEY }]
  const api = { listen_port: 0, limits: { connections: 40_000, connections_per_address: 20_000, failed_authentications: 0, writes: 0, waiters: 20_000, waiters_per_client: 20_000, event_streams: 20_000, event_streams_per_client: 20_000 }, authentication: { enabled: true, tokens } }
  writeFileSync(file, stringify({ pvc: { node, coordinators: [zookeeper], zookeeper: { session_timeout: sessionTimeout }, api } }))
  const begun = performance.now()
  const daemon = new DaemonProcess('pvcapid', 'pvcapid', file, profile === null ? {} : { flags: ['--cpu-prof', `--cpu-prof-dir=${profile}`] })
  const line = await daemon.logged(({ msg }) => msg === 'ready', 60_000)
  const port = Number(line['port'])
  while (!await fetch(`http://127.0.0.1:${port}/health/ready`).then(({ status }) => status === 200, () => false)) {
    if (!daemon.running) throw new Error(`pvcapid ended: ${daemon.stderr}`)
    await delay(25)
  }
  const startup = performance.now() - begun
  return {
    daemon,
    port,
    startup,
    async [Symbol.asyncDispose] () {
      await daemon.stop(30_000)
      rmSync(folder, { recursive: true, force: true })
      folders.delete(folder)
    },
  }
}

export interface ReferenceProcess extends Disposable {
  readonly pid: number
  /** What it said first. */
  readonly port: number
  /** Sends a line, and resolves with the next line that it says. */
  ask (line: string): Promise<string>
}

/** One of `bench/references`, which says `{"port": …}` once it serves. */
export async function startReference (name: string, args: readonly string[], program: readonly string[] = [process.execPath, join(packageFolder(), 'dist', 'bench', 'references', `${name}.js`)]): Promise<ReferenceProcess> {
  const [command = '', ...before] = program
  const child = spawn(command, [...before, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`the reference ${name} ended`)
    return value
  }
  const { port = 0 } = JSON.parse(await next()) as { readonly port?: number }
  return {
    pid: child.pid ?? -1,
    port,
    async ask (line) {
      child.stdin.write(`${line}\n`)
      return await next()
    },
    [Symbol.dispose] () { child.kill('SIGKILL') },
  }
}

/** Bytes of memory that a process holds. */
export const residentBytes = (pid: number): number => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Seconds of processor time that a process has used, at the kernel's 100 ticks a second. */
export function processorSeconds (pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
