/**
 * One daemon as a process of its own, with a configuration file of its own, for demonstrations and tests. Its log is read line by line; it
 * is ended by its own pid, and never outlives this process.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

const living = new Set<ChildProcess>()
process.on('exit', () => { for (const child of living) child.kill('SIGKILL') })

/** The package's folder, whether this runs from source or from `dist`. */
export const packageFolder = (): string => {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = join(folder, '..')
  return folder
}

/**
 * The words of a command line that runs `words` as a user would: without NODE_OPTIONS, in which a test runner puts hooks into the loading of
 * modules, for every process below it, and with which a daemon takes three times as long to start.
 */
export const asUser = (words: readonly string[]): [string, ...string[]] => ['env', '-u', 'NODE_OPTIONS', ...words]

export interface DaemonProcessOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Words before the command line, that run it somewhere else. */
  readonly prefix?: readonly string[]
  /** Arguments after the configuration file. */
  readonly more?: readonly string[]
  /** Where its standard output and standard error are kept as well. */
  readonly logFile?: string
  /** Node's own options. */
  readonly flags?: readonly string[]
}

export class DaemonProcess {
  readonly name: string
  readonly log: LogLine[] = []
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  readonly #waiting = new Set<() => void>()
  #stderr = ''
  /** How it ended; null while it runs. */
  #ending: string | null = null

  constructor (daemon: 'pvcapid' | 'pvcnoded', name: string, configFile: string, { env = {}, prefix = [], more = [], flags = [], logFile }: DaemonProcessOptions = {}) {
    this.name = name
    const entry = join(packageFolder(), 'dist', 'src', daemon, 'main.js')
    if (!existsSync(entry)) throw new Error(`${entry} is missing: run "npm run build" first`)
    const [program, ...args] = asUser([...prefix, process.execPath, ...flags, entry, '--config', configFile, ...more])
    // A group of its own: Ctrl-C in the terminal is for us, and we end it in order.
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...env } })
    living.add(this.#child)
    this.#child.once('exit', () => living.delete(this.#child))
    // Not `exit`: what it said last, and on standard error, comes after that.
    this.#exited = new Promise((resolve) => this.#child.once('close', (code, signal) => {
      this.#ending = code === null ? `was ended by ${String(signal)}` : `ended with exit ${code}`
      for (const wake of [...this.#waiting]) wake()
      resolve(code)
    }))
    this.#child.stderr?.on('data', (chunk: Buffer) => { this.#stderr += chunk.toString() })
    if (logFile !== undefined) for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk: Buffer) => appendFileSync(logFile, chunk))
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line))
  }

  get pid (): number { return this.#child.pid ?? -1 }
  get stderr (): string { return this.#stderr }
  get running (): boolean { return this.#ending === null }

  signal (signal: NodeJS.Signals): void { this.#child.kill(signal) }

  /** From now on its standard output is read, or left to fill its pipe. */
  readOutput (reads: boolean): void {
    if (reads) this.#child.stdout?.resume()
    else this.#child.stdout?.pause()
  }

  /** Resolves with the exit code; null if a signal ended it. */
  async exited (): Promise<number | null> { return await this.#exited }

  /** Ends it in order, at the latest with SIGKILL after `patience` milliseconds. */
  async stop (patience = 20_000): Promise<number | null> {
    if (this.running) this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), patience)
    const code = await this.#exited
    clearTimeout(timer)
    return code
  }

  async kill (): Promise<void> {
    if (this.running) this.signal('SIGKILL')
    await this.#exited
  }

  /** The first line of its log, past or to come, that `matches`. Rejects when the daemon ends first, or after `patience` milliseconds. */
  async logged (matches: (line: LogLine) => boolean, patience = 30_000): Promise<LogLine> {
    const until = performance.now() + patience
    for (;;) {
      const found = this.log.find(matches)
      if (found !== undefined) return found
      const left = until - performance.now()
      if (this.#ending !== null || left <= 0) {
        throw new Error(`${this.name} ${this.#ending ?? 'runs'}, and did not say what was waited for\n${this.#stderr}${this.log.slice(-20).map((line) => JSON.stringify(line)).join('\n')}`)
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          this.#waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, left)
        this.#waiting.add(wake)
      })
    }
  }

  #onLine (text: string): void {
    let line: LogLine
    try {
      line = JSON.parse(text) as LogLine
    } catch {
      line = { level: 'raw', msg: text }
    }
    this.log.push(line)
    for (const wake of [...this.#waiting]) wake()
  }
}
