/**
 * Asks the fencing agent of every peer a harmless question, at the start and then every hour, so that a fence which would fail is known before it
 * is needed. One that fails is asked again sooner, so that its end is seen, too. The power of a peer that is alive has to be on: if it is said to be off, the
 * controller is that of another machine, and a fence would be confirmed while the peer holds what it holds. A peer may have been stopped at that very moment:
 * so it is asked again first, after longer than a dead peer can seem to be alive.
 *
 * Invariant: at most one question is asked at a time, and none after `stop` has resolved.
 */
import type { BrokenFence } from '../../core/model/fence-probe.ts'
import { isPresent, type Member } from '../../core/model/member.ts'
import type { FoundFault } from '../../core/pvc/fault.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { FencingAgent, FencingProbe, FencingTarget } from './agent.ts'

export interface FenceProbesOptions {
  readonly self: string
  readonly clock: Clock
  readonly log: Logger
  readonly agent: FencingAgent
  /** Milliseconds after which a peer whose power went off no longer seems to be alive. */
  readonly afterlife: number
  readonly members: () => readonly Member[]
  /** Whether this node takes part at present. */
  readonly active: () => boolean
  /** Reads what the agent needs of a node; rejects with a `ZooKeeperError`. */
  readonly target: (node: string) => Promise<FencingTarget>
  /** Told of each fence that would fail, when that is found or has another reason. */
  readonly onFault: (fault: FoundFault) => void
  /** Told of all fences that would fail, whenever a question was answered. */
  readonly onProbed: (broken: readonly BrokenFence[]) => void
}

/** Milliseconds between two looks at who is to be asked, and between two questions to one peer: after a good answer, and after a bad one. */
const LOOK = 5_000
const AGAIN = 3_600_000
const SOONER = 300_000

export class FenceProbes {
  readonly #options: FenceProbesOptions
  readonly #stop = new AbortController()
  /** Monotonic, when each peer is to be asked next. */
  readonly #due = new Map<string, number>()
  readonly #broken = new Map<string, BrokenFence>()
  /** Peers whose power was said to be off while they were alive, and the life that they were in. */
  readonly #contradicted = new Map<string, string>()
  #timer: Timer | null = null
  #asking: Promise<void> = Promise.resolve()

  constructor (options: FenceProbesOptions) {
    this.#options = options
    this.#lookLater(0)
  }

  async stop (): Promise<void> {
    this.#stop.abort()
    this.#timer?.[Symbol.dispose]()
    await this.#asking
  }

  #lookLater (delay: number): void {
    if (this.#stop.signal.aborted) return
    this.#timer = this.#options.clock.after(delay, () => {
      this.#asking = this.#askAll().finally(() => this.#lookLater(LOOK))
    })
  }

  async #askAll (): Promise<void> {
    const { self, clock, members, active } = this.#options
    if (!active()) return
    const peers = members().map(({ name }) => name).filter((name) => name !== self)
    for (const name of this.#due.keys()) if (!peers.includes(name)) this.#forget(name)
    for (const name of peers) {
      if (this.#stop.signal.aborted) return
      if (clock.monotonic() >= (this.#due.get(name) ?? 0)) await this.#ask(name)
    }
  }

  async #ask (node: string): Promise<void> {
    const { clock, log, agent, target, onFault, onProbed } = this.#options
    const { signal } = this.#stop
    try {
      const given = await agent.probe(await target(node), signal)
      if (signal.aborted || given === null) return
      const answer = this.#beside(node, given)
      if (answer === null) return
      this.#due.set(node, clock.monotonic() + (answer.works ? AGAIN : SOONER))
      const before = this.#broken.get(node)
      if (answer.works) {
        this.#broken.delete(node)
        log[before === undefined ? 'debug' : 'info']({ peer: node }, `${node} could be fenced: ${answer.message}`)
      } else {
        if (before?.message !== answer.message) {
          log.warn({ peer: node }, `${node} could not be fenced now: ${answer.message}`)
          onFault({ kind: 'fence_probe', node, detail: answer.message })
        }
        this.#broken.set(node, { node, message: answer.message, since: before?.since ?? clock.wall() })
      }
      onProbed([...this.#broken.values()])
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      log.debug({ peer: node, err: error }, 'what the fence of a peer needs could not be read; it is probed later')
    }
  }

  /** The answer, held against whether the peer is alive; null if it has to be asked again first. */
  #beside (node: string, answer: FencingProbe): FencingProbe | null {
    const { clock, log, members, afterlife } = this.#options
    const peer = members().find(({ name }) => name === node)
    const life = peer !== undefined && isPresent(peer) ? peer.presence?.owner ?? 'keepalive' : null
    if (answer.power !== 'off' || life === null) {
      this.#contradicted.delete(node)
      return answer
    }
    if (this.#contradicted.get(node) === life) {
      return { works: false, message: `The management controller that ${node} has published says that the power is off, while ${node} is running: it is the controller of another machine, and a fence would be confirmed without ending ${node}. Correct pvc.system.fencing.ipmi on ${node}.` }
    }
    this.#contradicted.set(node, life)
    this.#due.set(node, clock.monotonic() + afterlife)
    log.debug({ peer: node }, `the power of ${node} is said to be off while ${node} seems to be alive; asking again in ${afterlife / 1_000} s`)
    return null
  }

  #forget (node: string): void {
    this.#due.delete(node)
    this.#contradicted.delete(node)
    if (this.#broken.delete(node)) this.#options.onProbed([...this.#broken.values()])
  }
}
