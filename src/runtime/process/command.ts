/**
 * Runs an external command without a shell, as the leader of a process group of its own.
 *
 * Guarantees: `run` never rejects; when it was the runner that ended the command (time-out, abort) no process of
 * the group can execute another instruction once the promise settles, and the leader has been reaped; a child that keeps
 * the output pipes open does not keep the promise open; memory is bounded by `outputLimit`, and how much a command
 * prints never decides how it ended: what is over the limit is read and dropped, the oldest first.
 * Does not guarantee: anything about children that leave the group (setsid), or an end to the wait for a process which
 * the kernel itself cannot end (stuck in a dead disk): a caller that must act all the same keeps a deadline of its own.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { Clock, Timer } from '../clock.ts'
import { obstacleTo } from './program.ts'

export interface CommandRequest {
  /** Program and arguments; the program is looked up in PATH if it has no slash. */
  readonly argv: readonly string[]
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** The text of its stdin. The command starts at once, and reads the text when the promise resolves. Its stdin is empty unless given. */
  readonly stdin?: Promise<string>
  /** Milliseconds until the whole group is killed. */
  readonly timeout: number
  /** Kills the whole group when aborted. */
  readonly signal?: AbortSignal
  /** Milliseconds between SIGTERM and SIGKILL when `signal` aborts. Default 0: SIGKILL at once. */
  readonly grace?: number
  /** Ends the grace, before it has begun or while it runs. */
  readonly urgent?: AbortSignal
  /** Bytes of stdout and of stderr that are kept, the last ones. Default 64 KiB. */
  readonly outputLimit?: number
  /** Kill what is left of the group after the leader has ended by itself, too. Without it a command may leave a daemon behind. */
  readonly killStragglers?: boolean
}

/** How a command ended; `timed_out` and `aborted` mean that the group was killed and is gone. */
export type CommandOutcome =
  | { readonly kind: 'exited', readonly code: number, readonly stdout: string, readonly stderr: string, /** The beginning of stdout is not kept. */ readonly truncated?: true }
  | { readonly kind: 'signal', readonly signal: string, readonly stderr?: string }
  | { readonly kind: 'timed_out', readonly stderr?: string }
  | { readonly kind: 'failed_to_start', readonly message: string }
  | { readonly kind: 'aborted' }

/** What the daemons use; the simulator puts another behind it. */
export interface CommandRunner {
  run (request: CommandRequest): Promise<CommandOutcome>
  /** See `obstacleTo`. Left out where programs are no files. */
  obstacleTo? (program: string): Promise<string | null>
}

const defaultOutputLimit = 64 * 1024
/** Milliseconds between two readings of a stream that is over its limit: a command without an end must not keep the event loop busy. */
const overLimitPause = 1
/** Milliseconds between two looks at a group that was killed and has not gone yet. */
const groupPoll = 5

export function createCommandRunner (clock: Clock): CommandRunner {
  return { run: (request) => runCommand(clock, request), obstacleTo }
}

/** The system names an error and no file: which file is missing, or cannot be executed, and what to do. */
async function whyNotStarted (program: string, error: NodeJS.ErrnoException): Promise<string> {
  const obstacle = error.code === 'ENOENT' || error.code === 'EACCES' ? await obstacleTo(program) : null
  return obstacle === null ? error.message : `${program} ${obstacle} (${error.code}); ${error.code === 'ENOENT' ? 'install it, or correct' : 'permit it, or correct'} the command in the configuration`
}

async function runCommand (clock: Clock, request: CommandRequest): Promise<CommandOutcome> {
  const { argv, env, stdin, timeout, signal, grace = 0, urgent, outputLimit = defaultOutputLimit, killStragglers = false } = request
  const [program, ...args] = argv
  if (program === undefined) return { kind: 'failed_to_start', message: 'the command is empty' }
  if (signal?.aborted === true) return { kind: 'aborted' }

  let child: ChildProcessByStdio<Writable | null, Readable, Readable>
  try {
    child = spawn(program, args, { detached: true, stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } }) as typeof child
  } catch (error) {
    return { kind: 'failed_to_start', message: error instanceof Error ? error.message : String(error) }
  }
  const ended = new Promise<{ code: number | null, signal: NodeJS.Signals | null } | Error>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    // Without a pid the command never ran; with one, 'exit' follows whatever this error is.
    child.on('error', (error) => { if (child.pid === undefined) resolve(error) })
  })

  // One that does not read it says by its exit how it ended.
  child.stdin?.on('error', () => {})
  void stdin?.then((text) => child.stdin?.end(text))

  let killedFor: 'timed_out' | 'aborted' | undefined
  const kill = (reason: 'timed_out' | 'aborted') => {
    if (killedFor !== undefined || child.pid === undefined) return
    killedFor = reason
    killGroup(child.pid)
  }
  const stdout = new Capture(child.stdout, outputLimit, clock)
  const stderr = new Capture(child.stderr, outputLimit, clock)
  const killAborted = () => { if (signal?.aborted === true) kill('aborted') }
  let patience: Timer | undefined
  const abort = () => {
    if (grace <= 0 || urgent?.aborted === true || child.pid === undefined) return kill('aborted')
    killGroup(child.pid, 'SIGTERM')
    patience = clock.after(grace, killAborted)
  }
  signal?.addEventListener('abort', abort, { once: true })
  urgent?.addEventListener('abort', killAborted, { once: true })
  const timer = clock.after(timeout, () => kill('timed_out'))
  const end = await ended
  timer[Symbol.dispose]()
  patience?.[Symbol.dispose]()
  signal?.removeEventListener('abort', abort)
  urgent?.removeEventListener('abort', killAborted)
  // It ended within its grace; what it leaves of its group does not outlast it.
  if (patience !== undefined) kill('aborted')

  if (end instanceof Error || child.pid === undefined) {
    return { kind: 'failed_to_start', message: end instanceof Error ? await whyNotStarted(program, end) : 'no process was made' }
  }
  stdout.hurry()
  stderr.hurry()
  await drained(() => killedFor !== undefined ? undefined : stdout.seen + stderr.seen)
  if (killedFor !== undefined || killStragglers) await groupGone(clock, child.pid)
  stdout.abandon()
  stderr.abandon()
  if (killedFor === 'aborted') return { kind: 'aborted' }
  if (killedFor !== undefined) return { kind: killedFor, stderr: stderr.text() }
  if (end.code === null) return { kind: 'signal', signal: end.signal ?? 'unknown', stderr: stderr.text() }
  return { kind: 'exited', code: end.code, stdout: stdout.text(), stderr: stderr.text(), ...stdout.isTruncated ? { truncated: true } : {} }
}

/** The last `limit` bytes of a stream. What comes after `abandon` is read and dropped. */
class Capture {
  readonly #stream: Readable
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #kept = 0
  #hurries = false
  /** Bytes that have come in. */
  seen = 0

  constructor (stream: Readable, limit: number, clock: Clock) {
    this.#stream = stream
    this.#limit = limit
    stream.on('data', (chunk: Buffer) => {
      this.#keep(chunk)
      if (!this.isTruncated || this.#hurries) return
      stream.pause()
      clock.after(overLimitPause, () => { stream.resume() })
    })
    // A broken pipe here only ends the capture; how the command ended is told by its exit.
    stream.on('error', () => stream.destroy())
  }

  get isTruncated (): boolean { return this.seen > this.#limit }

  #keep (chunk: Buffer): void {
    this.seen += chunk.length
    this.#kept += chunk.length
    this.#chunks.push(chunk)
    while (this.#kept - (this.#chunks[0]?.length ?? 0) >= this.#limit) this.#kept -= this.#chunks.shift()?.length ?? 0
  }

  text (): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString('utf8')
  }

  /** The command has ended: the rest is bounded by the pipe, and is read at once. */
  hurry (): void {
    this.#hurries = true
    this.#stream.resume()
  }

  /** Keeps reading for a straggler, which closing the pipe would kill with SIGPIPE, but keeps neither its output nor this process alive. */
  abandon (): void {
    this.#stream.removeAllListeners('data')
    this.#stream.resume()
    ;(this.#stream as Socket).unref()
  }
}

/**
 * What the leader wrote before its end is in the pipes already: reads on until a whole turn of the event loop brought
 * nothing more. `seen` counts the bytes so far; undefined if they no longer matter.
 */
async function drained (seen: () => number | undefined): Promise<void> {
  for (let before = seen(); before !== undefined;) {
    await turnOfTheLoop()
    await turnOfTheLoop()
    const now = seen()
    if (now === before) return
    before = now
  }
}

const turnOfTheLoop = () => new Promise<void>((resolve) => { setImmediate(resolve) })

function killGroup (group: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): void {
  try {
    process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Kills what is left of the group, again and again, until no member can run. */
async function groupGone (clock: Clock, group: number): Promise<void> {
  for (;;) {
    if (!hasLivingMember(group)) return
    killGroup(group)
    await new Promise<void>((resolve) => { clock.after(groupPoll, resolve) })
  }
}

/** Zombies do not count: they run no more, and reaping them is init's part (a bare container has none). */
function hasLivingMember (group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && isLivingMember(entry, group))
}

function isLivingMember (pid: string, group: number): boolean {
  let stat
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return false // it ended between the listing and the look
  }
  // "pid (name) state parent group …"; the name may itself hold brackets and spaces.
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(processGroup) === group && state !== 'Z' && state !== 'X'
}
