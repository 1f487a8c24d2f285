/**
 * A simulated machine: what it holds outlives its daemon, and nothing but a release (or losing its power) releases it. An acquisition
 * counts as holding from its beginning, a release as releasing only at its end.
 */
import type { CommandOutcome, CommandRequest, CommandRunner } from '../../src/runtime/process/command.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Timeline } from './timeline.ts'

/** How the commands of a resource go at present. */
export type Humour = 'good' | 'fails' | 'hangs' | 'slow'
/** How fencing goes: `late` does its work, but not before it has been given up. */
export type FencingHumour = 'good' | 'fails' | 'hangs' | 'late'

/** The command by which a node ends itself. */
export const SELF_FENCE = 'self_fence'

export interface MachineOptions {
  readonly name: string
  readonly timeline: Timeline
  readonly random: Random
  /** Called after every change of what is held. */
  readonly onChange: (machine: Machine, resource: string, held: boolean) => void
  readonly fencing: () => FencingHumour
  /** Takes the power from a machine, this one or another. */
  readonly powerOff: (machine: string) => void
}

export class Machine {
  readonly name: string
  readonly holds = new Set<string>()
  readonly humours = new Map<string, Humour>()
  /** Resource → since when its readiness check has failed, in milliseconds of the timeline. */
  readonly unready = new Map<string, number>()
  readonly #options: MachineOptions
  #daemon: Process | null = null

  constructor (options: MachineOptions) {
    this.name = options.name
    this.#options = options
  }

  /** The daemon that was started last. */
  get daemon (): Process | null { return this.#daemon }

  /** Runs the commands of a daemon. They end with it, as they do in a service's control group. */
  commandsOf (process: Process): CommandRunner {
    this.#daemon = process
    return { run: async (request) => await this.#run(process, request) }
  }

  #run (process: Process, request: CommandRequest): Promise<CommandOutcome> {
    const { env = {}, argv: [program], timeout } = request
    const { random, powerOff, fencing } = this.#options
    if (request.signal?.aborted === true) return Promise.resolve({ kind: 'aborted' })
    if (program === SELF_FENCE) return this.#command(process, request, { takes: random.between(50, 150), fails: false }, () => powerOff(this.name))
    if (env['PVC_ACTION'] === 'fence') return this.#fence(process, request, env['PVC_NODE'] ?? '', fencing())
    const resource = env['PVC_RESOURCE'] ?? ''
    const humour = this.humours.get(resource) ?? 'good'
    if (env['PVC_ACTION'] === 'ready' && this.unready.has(resource)) return this.#command(process, request, { takes: 20, fails: true }, () => {})
    const takes = humour === 'hangs' ? Infinity : random.latency(humour === 'slow' ? timeout / 3 : 30)
    if (env['PVC_ACTION'] === 'acquire') this.#set(resource, true)
    return this.#command(process, request, { takes, fails: humour === 'fails' }, () => { if (env['PVC_ACTION'] === 'release') this.#set(resource, false) })
  }

  #fence (process: Process, request: CommandRequest, node: string, humour: FencingHumour): Promise<CommandOutcome> {
    const { timeline, random, powerOff } = this.#options
    if (humour === 'late') timeline.after(request.timeout * random.between(1, 2), () => powerOff(node))
    const takes = humour === 'good' ? random.latency(800) : humour === 'fails' ? random.latency(300) : Infinity
    return this.#command(process, request, { takes, fails: humour === 'fails' }, () => powerOff(node))
  }

  /** @param done what the command has done by the time that it exits well */
  #command (process: Process, { timeout, signal }: CommandRequest, { takes, fails }: { takes: number, fails: boolean }, done: () => void): Promise<CommandOutcome> {
    const { timeline, random } = this.#options
    return new Promise((resolve) => {
      const end = (outcome: CommandOutcome, delay: number) => {
        for (const timer of timers) timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        // The system reaps what it has killed, also while the daemon stands still.
        timeline.after(delay, () => {
          if (!process.alive) return
          if (outcome.kind === 'exited' && outcome.code === 0) done()
          process.deliver(() => resolve(outcome))
        })
      }
      const abort = () => end({ kind: 'aborted' }, random.between(1, 20))
      const timers = [
        timeline.after(Math.min(takes, 1e9), () => end({ kind: 'exited', code: fails ? 1 : 0, stdout: '', stderr: '' }, 0)),
        process.clock.after(timeout, () => end({ kind: 'timed_out' }, random.between(1, 20))),
      ]
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Nothing runs on it any more, or everything has been released by hand. */
  release (): void {
    for (const resource of [...this.holds]) this.#set(resource, false)
  }

  #set (resource: string, held: boolean): void {
    if (held === this.holds.has(resource)) return
    if (held) this.holds.add(resource)
    else this.holds.delete(resource)
    this.#options.onChange(this, resource, held)
  }
}
