/** What lies between the processes and the servers: which way is open, and connections whose bytes arrive in order or not at all. */
import type { Process } from '../process.ts'
import type { Random } from '../random.ts'
import type { Timeline } from '../timeline.ts'
import type { Server } from './server.ts'

/** Which way bytes do not come through. */
export type Cut = 'to_server' | 'from_server' | 'both'

export interface NetworkOptions {
  readonly timeline: Timeline
  readonly random: Random
  /** Milliseconds, typically. */
  readonly latency: number
}

export class Network {
  readonly options: NetworkOptions
  readonly #cuts = new Map<string, Map<number, Cut>>()
  /** Until when what is sent between a process and a server is held up. */
  readonly #stalls = new Map<string, number>()
  /** Until when, in milliseconds of the timeline. */
  readonly #turnedAway = new Map<string, number>()
  readonly #wires = new Set<Wire>()

  constructor (options: NetworkOptions) { this.options = options }

  /** Cuts a process off from a server, without a word to either. */
  cut (process: string, server: number, cut: Cut): void {
    const cuts = this.#cuts.get(process) ?? new Map<number, Cut>()
    this.#cuts.set(process, cuts.set(server, cut))
  }

  /** Bytes come through again. Connections that have missed some are reset. */
  heal (process: string, server: number): void {
    this.#cuts.get(process)?.delete(server)
    for (const wire of [...this.#wires]) if (wire.process.name === process && wire.server.id === server && wire.broken) wire.reset()
  }

  /** Nothing comes through for a while, but nothing is lost: it arrives late and in order, as TCP sends again what was dropped. */
  stall (process: string, server: number, way: Cut, lasts: number): void {
    for (const each of way === 'both' ? ['to_server', 'from_server'] as const : [way]) this.#stalls.set(`${process} ${server} ${each}`, this.options.timeline.now + lasts)
  }

  /** Milliseconds of the timeline. */
  heldUntil (process: string, server: number, way: 'to_server' | 'from_server'): number {
    return this.#stalls.get(`${process} ${server} ${way}`) ?? 0
  }

  /** A server closes each new connection of a process at once, as one that has too many from its address. */
  turnAway (process: string, server: number, lasts: number): void {
    this.#turnedAway.set(`${process} ${server}`, this.options.timeline.now + lasts)
  }

  turnsAway (process: string, server: number): boolean {
    return (this.#turnedAway.get(`${process} ${server}`) ?? 0) > this.options.timeline.now
  }

  /** The connections of a process are reset. */
  reset (process: string): void {
    for (const wire of [...this.#wires]) if (wire.process.name === process) wire.reset()
  }

  passes (process: string, server: number, way: 'to_server' | 'from_server'): boolean {
    const cut = this.#cuts.get(process)?.get(server)
    return cut === undefined || (cut !== way && cut !== 'both')
  }

  open (process: Process, server: Server): Wire {
    const wire = new Wire(this, process, server, () => this.#wires.delete(wire))
    this.#wires.add(wire)
    process.onDeath(() => wire.reset())
    return wire
  }
}

/** One connection. What is sent one way arrives in order, or is lost and everything after it too. */
export class Wire {
  readonly process: Process
  readonly server: Server
  readonly #network: Network
  readonly #gone: () => void
  readonly #arrival = { to_server: 0, from_server: 0 }
  readonly #broken = { to_server: false, from_server: false }
  #closed = false
  /** Told inside the process; only while the wire was not closed from there. */
  onReset: () => void = () => {}
  /** Told on the server. */
  onGone: () => void = () => {}

  constructor (network: Network, process: Process, server: Server, gone: () => void) {
    this.#network = network
    this.process = process
    this.server = server
    this.#gone = gone
  }

  get closed (): boolean { return this.#closed }
  get broken (): boolean { return this.#broken.to_server || this.#broken.from_server }

  toServer (action: () => void): void { this.#send('to_server', action) }

  toProcess (action: () => void): void {
    this.#send('from_server', () => this.process.deliver(() => { if (!this.#closed) action() }))
  }

  /** Both ends learn that it is gone. */
  reset (): void {
    if (this.#closed) return
    this.process.deliver(() => {
      if (this.#closed) return
      this.close()
      this.onReset()
    })
    this.#leaveServer()
  }

  /** The process closes it; what it has sent still arrives, and then the server knows. */
  close (): void {
    if (this.#closed) return
    this.#send('to_server', () => this.#leaveServer())
    this.#closed = true
  }

  #leaveServer (): void {
    this.#gone()
    this.onGone()
    this.onGone = () => {}
  }

  #send (way: 'to_server' | 'from_server', action: () => void): void {
    if (this.#closed) return
    const { timeline, random, latency } = this.#network.options
    const arrive = () => {
      const heldUntil = this.#network.heldUntil(this.process.name, this.server.id, way)
      if (heldUntil > timeline.now) return this.#deliver(way, heldUntil + latency, arrive)
      if (!this.#network.passes(this.process.name, this.server.id, way)) this.#broken[way] = true
      if (!this.#broken[way]) action()
    }
    this.#deliver(way, timeline.now + random.latency(latency), arrive)
  }

  /** Not before what was sent earlier. */
  #deliver (way: 'to_server' | 'from_server', earliest: number, arrive: () => void): void {
    const { timeline } = this.#network.options
    const at = Math.max(this.#arrival[way], earliest)
    this.#arrival[way] = at
    timeline.after(at - timeline.now, arrive)
  }
}
