/**
 * A private ZooKeeper server, from Debian's `zookeeper` package, for tests, benchmarks and demonstrations.
 *
 * Guarantees: its own temporary folder, a free port on 127.0.0.1 that it keeps across `restart()`, and that neither
 * process nor folder outlives this process, however that ends. Processes are ended by their own id.
 * Does not guarantee durability: it does not wait for the disk (`forceSync=no`), so that tests run at the speed of the
 * processor. A missing ZooKeeper or Java is an error that says what to install; nothing is skipped. A server that ends without having
 * been told to says on standard error what it had to say.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import type { NewZnode } from '../../src/zookeeper/client/connection.ts'

/** In ticks: a follower that is cut off from its leader keeps answering reads for as long as `syncLimit`. */
const QUORUM = ['initLimit=40', 'syncLimit=60']
const JAR = '/usr/share/java/zookeeper.jar'
/** Of a package that ZooKeeper's depends on: prints warnings and errors. */
const LOGGER = '/usr/share/java/slf4j-simple.jar'

export interface ZooKeeperServerOptions {
  /** Milliseconds; session time-outs are rounded up to it. Default 100. */
  tickTime?: number
  /** Milliseconds. Default 500. */
  minSessionTimeout?: number
  /** Milliseconds. Default 60,000. */
  maxSessionTimeout?: number
  /** The port to listen on; a free one by default. */
  port?: number
  /** Milliseconds `start()` may take. Default 30,000. */
  startTimeout?: number
  /** Megabytes of Java heap. Default 256. */
  heap?: number
  /** More of Java's properties, such as `zookeeper.enforce.auth.enabled`. */
  properties?: Readonly<Record<string, string>>
  /** As a member of an ensemble: its number, and the lines `server.N=…` as it is to see the members. Serves once a quorum has started. */
  ensemble?: { readonly id: number, readonly servers: readonly string[] }
}

/** One committed transaction; `path` and `data` are empty where the operation has none. */
export interface Transaction {
  /** Milliseconds since 1970 on the leader's clock, to the second. */
  readonly time: number
  /** Hexadecimal, as in `Stat.ephemeralOwner`. */
  readonly session: string
  readonly zxid: string
  /** As ZooKeeper names it: `create`, `setData`, `delete`, `multi`, `createSession`, `closeSession`. */
  readonly op: string
  readonly path: string
  readonly data: string
  /** Of a `create`. */
  readonly ephemeral: boolean
  /** Of a `multi`: what it has made, in order; none if it was refused. */
  readonly znodes?: readonly NewZnode[]
}

const live = new Set<ZooKeeperServer>()
process.on('exit', () => { for (const server of live) server.abandon() })

function detailsOf (op: string, text: string): Pick<Transaction, 'path' | 'data' | 'ephemeral'> {
  const [, path = '', data = '', ephemeral] = (op === 'create'
    ? /^(\/[^,]*),([^]*),\[\d+,s\{[^]*\],(true|false),-?\d+$/
    : op === 'delete' ? /^'?(\/.*)$/ : /^(\/[^,]*),([^]*),-?\d+$/).exec(text.trimEnd()) ?? []
  return { path, data, ephemeral: ephemeral === 'true' }
}

/** ZooKeeper prints the bytes of each part of a `multi`: lengths before the texts, then the access list, whether it is ephemeral, and a number. */
function madeBy (text: string): readonly NewZnode[] {
  const parts = text.split(/;(?=(?:create|error|setData|delete|check):)/).map((part) => /^create:[^]{4}(\/[^\0]*)\0\0[^]{2}([^]*)\0{3}[^]\0{3}[^]\0{3}[^]world\0{3}[^]anyone([^])[^]{4}\n?$/.exec(part))
  return parts.includes(null) ? [] : parts.flatMap((part) => [{ path: part?.[1] ?? '', data: part?.[2] ?? '', ephemeral: part?.[3] === '\u0001' }])
}

export class ZooKeeperServer {
  readonly options: Required<Omit<ZooKeeperServerOptions, 'port' | 'ensemble'>>
  readonly #ensemble: ZooKeeperServerOptions['ensemble']
  #port: number
  #folder: string | null = null
  #process: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()
  #output = ''
  #served = false

  constructor (options: ZooKeeperServerOptions = {}) {
    this.#port = options.port ?? 0
    this.#ensemble = options.ensemble
    this.options = {
      tickTime: options.tickTime ?? 100,
      minSessionTimeout: options.minSessionTimeout ?? 500,
      maxSessionTimeout: options.maxSessionTimeout ?? 60_000,
      startTimeout: options.startTimeout ?? 30_000,
      heap: options.heap ?? 256,
      properties: options.properties ?? {},
    }
  }

  get port (): number { return this.#port }
  get connectString (): string { return `127.0.0.1:${this.#port}` }
  get running (): boolean { return this.#process !== null }

  /** Starts the server and waits until it serves. With data of an earlier `start()` it continues from there. */
  async start (): Promise<this> {
    if (this.#process !== null) return this
    if (!existsSync(JAR)) throw new Error(`${JAR} is missing: install Debian's "zookeeper" and a Java runtime (apt install zookeeper)`)
    this.#port ||= await freePort()
    this.#folder ??= await mkdtemp(join(tmpdir(), 'zookeeper-'))
    const { tickTime, minSessionTimeout, maxSessionTimeout, heap, properties, startTimeout } = this.options
    const config = join(this.#folder, 'zoo.cfg')
    await writeFile(config, [
      `tickTime=${tickTime}`, `dataDir=${this.#folder}/data`, `clientPort=${this.#port}`, 'clientPortAddress=127.0.0.1',
      `minSessionTimeout=${minSessionTimeout}`, `maxSessionTimeout=${maxSessionTimeout}`, 'maxClientCnxns=0',
      'admin.enableServer=false', '4lw.commands.whitelist=*', 'forceSync=no', ...this.#ensemble === undefined ? [] : [...QUORUM, ...this.#ensemble.servers], ''
    ].join('\n'))
    if (this.#ensemble !== undefined) {
      await mkdir(join(this.#folder, 'data'), { recursive: true })
      await writeFile(join(this.#folder, 'data', 'myid'), String(this.#ensemble.id))
    }
    const child = spawn('java', [
      `-Xmx${heap}m`, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-Xshare:auto',
      '-Dzookeeper.jmx.log4j.disable=true', '-Dzookeeper.forceSync=no', '-Dzookeeper.admin.enableServer=false',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true',
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      '-cp', `${JAR}:${LOGGER}`, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', config
    ], { stdio: ['ignore', 'pipe', 'pipe'], detached: true }) // Ctrl-C in the terminal is for us alone
    this.#process = child
    if (child.pid !== undefined) this.#guard(child, child.pid, this.#folder)
    this.#output = ''
    this.#served = false
    const keep = (chunk: Buffer): void => { this.#output = (this.#output + chunk.toString()).slice(-10_000) }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let failure: Error | null = null
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => { failure = error; this.#ended(child); resolve() })
      child.once('exit', () => { this.#ended(child); resolve() })
    })
    live.add(this)
    const until = performance.now() + startTimeout
    while (performance.now() < until) {
      if (failure !== null) throw new Error('java could not be started: install a Java runtime', { cause: failure })
      if (this.#process !== child) throw new Error(`ZooKeeper ended while starting:\n${this.#output}`)
      // It serves, and it is not another process's on the same port.
      if ((await this.fourLetter('conf').catch(() => '')).includes(`dataDir=${this.#folder}/`)) {
        this.#served = true
        return this
      }
      await delay(20)
    }
    await this.kill()
    throw new Error(`ZooKeeper did not serve within ${startTimeout} ms:\n${this.#output}`)
  }

  /** When this process is killed no exit hook runs: a shell that waits for the end of a pipe from us cleans up instead. */
  #guard (child: ChildProcess, pid: number, folder: string): void {
    const guard = spawn('sh', ['-c', 'cat > /dev/null; kill -9 "$1"; rm -rf "$2"', 'sh', String(pid), folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    guard.unref()
    guard.stdin.on('error', () => {})
    if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref()
    child.once('exit', () => guard.kill('SIGKILL'))
  }

  #ended (child: ChildProcess): void {
    if (this.#process === child) this.#process = null
    if (this.#served) process.stderr.write(`ZooKeeper on port ${this.#port} has ended (${child.exitCode ?? child.signalCode}) without having been told to:\n${this.#output}\n`)
  }

  /** Ends the server (SIGTERM, after 5 s SIGKILL); its data stay for the next `start()`. */
  async stop (): Promise<void> {
    const child = this.#process
    if (child === null) return
    this.#served = false
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await this.#exited
    clearTimeout(timer)
  }

  /** Ends the server at once (SIGKILL); its data stay. */
  async kill (): Promise<void> {
    this.#served = false
    this.#process?.kill('SIGKILL')
    await this.#exited
  }

  /** Its data are gone; it has to be down. */
  async wipe (): Promise<void> {
    if (this.#folder !== null) await rm(join(this.#folder, 'data'), { recursive: true, force: true })
  }

  /** Stops the server's clock (SIGSTOP): connections stay open and nothing answers from when this resolves. */
  async pause (): Promise<void> {
    const pid = this.#process?.pid
    if (pid === undefined) return
    this.#process?.kill('SIGSTOP')
    // On a busy machine a thread on another processor still answers for a while.
    while (!await isStopped(pid)) await delay(1)
  }

  resume (): void { this.#process?.kill('SIGCONT') }

  /** The same data on the same port, in a new process. */
  async restart (): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Ends the server and removes its folder. */
  async remove (): Promise<void> {
    await this.kill()
    this.abandon()
  }

  /** As `remove`, without waiting: for the end of this process. */
  abandon (): void {
    this.#served = false
    this.#process?.kill('SIGKILL')
    live.delete(this)
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = null
  }

  /** The answer to one of ZooKeeper's four-letter words. */
  async fourLetter (word: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      let answer = ''
      const socket = connect(this.#port, '127.0.0.1', () => { socket.write(word) })
      socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${word}`)))
      socket.on('data', (chunk) => { answer += chunk.toString() })
      socket.once('error', reject)
      socket.once('close', () => resolve(answer))
    })
  }

  /** The transaction log, oldest first, as ZooKeeper's own tool prints it: what was committed, in order, by which session. */
  async transactions (): Promise<readonly Transaction[]> {
    const folder = join(this.#folder ?? '', 'data', 'version-2')
    const logs = (await readdir(folder)).filter((name) => name.startsWith('log.')).sort((a, b) => parseInt(a.slice(4), 16) - parseInt(b.slice(4), 16))
    const found: Transaction[] = []
    for (const name of logs) {
      const { stdout } = await promisify(execFile)('java', ['-cp', JAR, 'org.apache.zookeeper.server.persistence.TxnLogToolkit', join(folder, name)], { maxBuffer: 2 ** 28 })
      // Data may hold line breaks.
      for (const entry of stdout.split(/\n(?=\d+\/\d+\/\d+, [^\n]* session 0x|EOF reached)/)) {
        const [, when = '', session, zxid, op, rest = ''] = /^([^\n]*) session 0x([0-9a-f]+) cxid 0x[0-9a-f]+ zxid 0x([0-9a-f]+) (\w+) ?([^]*)$/.exec(entry) ?? []
        if (session === undefined || zxid === undefined || op === undefined) continue
        const time = Date.parse(when)
        if (Number.isNaN(time)) throw new Error(`the transaction log has no time in "${when}"`)
        found.push({ time, session, zxid, op, ...(op === 'multi' ? { path: '', data: '', ephemeral: false, znodes: madeBy(rest) } : detailsOf(op, rest)) })
      }
    }
    return found
  }

  /** The server's own figures, by name. */
  async mntr (): Promise<Map<string, string>> {
    const lines = (await this.fourLetter('mntr')).split('\n')
    return new Map(lines.filter((line) => line.includes('\t')).map((line) => line.split('\t', 2) as [string, string]))
  }
}

/** Whether every thread of a process is stopped, as the kernel has it. */
async function isStopped (pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(tasks.map(async (task) => {
    const text = await readFile(`/proc/${pid}/task/${task}/stat`, 'utf8').catch((error: unknown) => {
      if (isGone(error)) return ') T'
      throw error
    })
    // After the name, which stands in parentheses and may contain some.
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3)
  }))
  return states.every((state) => state === 'T')
}

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
