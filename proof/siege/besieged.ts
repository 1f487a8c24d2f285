/** A pvcapid under attack: what it holds, from its own figures and the system's, and how a well-behaved client beside the attackers fares. */
import { readdirSync } from 'node:fs'
import { residentBytes } from '../../test/support/fuzzing.ts'
import type { DaemonProcess } from '../../tools/testbed/daemon-process.ts'
import { ask } from './ask.ts'
import { Neighbours, type Fared } from './neighbour.ts'

const MEGABYTE = 2 ** 20
/** Figures that have to be as they were once the attackers are gone. */
const held = ['pvcapid_waiters', 'pvcapid_event_streams', 'pvcapid_connections', 'pvcapid_http_requests_in_progress', 'pvcapid_http_requests_waiting', 'pvcapid_http_response_bytes_waiting', 'pvcapid_http_request_bytes', 'pvcapid_timers'] as const
/** A timer or a descriptor of the neighbour's own connection may come and go; one more for each attacker may not. */
const TOLERANCE = 8
/** Milliseconds between two looks at what it holds. */
const WEIGHED = 20

export type Figures = Readonly<Record<typeof held[number] | 'descriptors', number>>

const figureIn = (text: string, name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])

export class Besieged {
  readonly daemon: DaemonProcess
  readonly base: string
  readonly port: number

  constructor (daemon: DaemonProcess, port: number, base = `http://127.0.0.1:${port}`) {
    this.daemon = daemon
    this.port = port
    this.base = base
  }

  async figure (name: string): Promise<number> {
    return figureIn((await ask(`${this.base}/metrics`)).text, name)
  }

  async figures (): Promise<Figures> {
    const { text } = await ask(`${this.base}/metrics`)
    const figure = (name: string): number => figureIn(text, name)
    return { ...Object.fromEntries(held.map((name) => [name, figure(name)])), descriptors: readdirSync(`/proc/${this.daemon.pid}/fd`).length } as Figures
  }

  /** What is more than `quiet`, and more than may be; empty if nothing. */
  async leftOver (quiet: Figures): Promise<string[]> {
    const now = await this.figures()
    return (Object.keys(quiet) as Array<keyof Figures>).filter((name) => now[name] > quiet[name] + TOLERANCE).map((name) => `${name} ${quiet[name]} → ${now[name]}`)
  }

  /**
   * Runs `attack` beside well-behaved clients.
   * @param from the address of the attackers
   * @returns how those fared, and the highest resident size in bytes
   */
  async watch (attack: () => Promise<void>, from = '127.0.0.1'): Promise<Fared & { readonly peak: number }> {
    const neighbours = new Neighbours({ base: this.base, from })
    let peak = 0
    const weigh = setInterval(() => { if (this.daemon.running) peak = Math.max(peak, residentBytes(this.daemon.pid)) }, WEIGHED)
    let fared: Fared
    try {
      await attack()
    } finally {
      clearInterval(weigh)
      fared = await neighbours.end()
    }
    return { ...fared, peak }
  }
}

export const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(0)
