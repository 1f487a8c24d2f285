/**
 * A simulated machine: what it holds outlives its daemon, and nothing but a release (or losing its power) lets go of it. An acquisition
 * counts as holding from its beginning, a release as letting go only at its end.
 */
import type { CommandOutcome, CommandRequest, CommandRunner } from '../../src/runtime/command.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Timeline } from './timeline.ts'

/** How the commands of a resource go at present. */
export type Humour = 'good' | 'fails' | 'hangs' | 'slow'

export interface MachineOptions {
  readonly name: string
  readonly timeline: Timeline
  readonly random: Random
  /** Called after every change of what is held. */
  readonly onChange: (machine: Machine, resource: string, held: boolean) => void
}

export class Machine {
  readonly name: string
  readonly holds = new Set<string>()
  readonly humours = new Map<string, Humour>()
  readonly #options: MachineOptions

  constructor (options: MachineOptions) {
    this.name = options.name
    this.#options = options
  }

  /** Runs the commands of a daemon. They end with it, as they do in a service's control group. */
  commandsOf (process: Process): CommandRunner {
    return { run: async (request) => await this.#run(process, request) }
  }

  #run (process: Process, { env = {}, timeout, signal }: CommandRequest): Promise<CommandOutcome> {
    const { timeline, random } = this.#options
    const resource = env['PVC_RESOURCE'] ?? ''
    const action = env['PVC_ACTION'] ?? ''
    if (signal?.aborted === true) return Promise.resolve({ kind: 'aborted' })
    const humour = this.humours.get(resource) ?? 'good'
    const takes = humour === 'hangs' ? Infinity : random.latency(humour === 'slow' ? timeout / 3 : 30)
    const fails = humour === 'fails'
    if (action === 'acquire') this.#set(resource, true)
    return new Promise((resolve) => {
      const end = (outcome: CommandOutcome, delay: number) => {
        for (const timer of timers) timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
        // The system reaps what it has killed, also while the daemon stands still.
        timeline.after(delay, () => {
          if (!process.alive) return
          if (action === 'release' && outcome.kind === 'exited' && outcome.code === 0) this.#set(resource, false)
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

  #set (resource: string, held: boolean): void {
    if (held === this.holds.has(resource)) return
    if (held) this.holds.add(resource)
    else this.holds.delete(resource)
    this.#options.onChange(this, resource, held)
  }
}
