/** What can be seen of a network from outside: who has an address when, and when somebody answers for it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import type { NetworkHost } from './network-host.ts'

function lines (t: Test, argv: readonly string[], onLine: (line: string) => void): ChildProcess {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })
  createInterface({ input: child.stdout }).on('line', onLine)
  let over = false
  child.once('close', (code) => { if (!over) t.fail(`${argv.join(' ')} ended with ${String(code)}`) })
  t.teardown(async () => {
    over = true
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  })
  return child
}

/** Times are milliseconds of this machine's wall clock, which all its namespaces share. */
export class AddressWatch {
  readonly #address: string
  readonly #holders = new Set<string>()
  /** `hv1 has it`, `hv1 has it no more`, each with its time, and every moment at which two had it. */
  readonly events: Array<{ readonly at: number, readonly host: string, readonly has: boolean }> = []
  readonly both: string[] = []
  readonly #watching: ChildProcess[]

  constructor (t: Test, hosts: readonly NetworkHost[], address: string) {
    this.#address = address
    this.#watching = hosts.map((host) => lines(t, ['ip', '-n', host.namespace, '-ts', '-o', 'monitor', 'address'], (line) => this.#onLine(host.name, line)))
  }

  /** These processes are on the hosts, and are no part of them. */
  get pids (): readonly number[] { return this.#watching.map(({ pid }) => pid ?? -1) }

  get holders (): readonly string[] { return [...this.#holders] }

  /** The host is off: whatever its interfaces say, nobody hears them. */
  isOff (host: string): void { this.#set(Date.now(), host, false) }

  #onLine (host: string, line: string): void {
    if (!line.includes(`inet ${this.#address}/`) && !line.includes(`inet6 ${this.#address}/`)) return
    const [, time] = /^\[([0-9T:.-]+)\]/.exec(line) ?? []
    this.#set(time === undefined ? Date.now() : Date.parse(`${time}Z`), host, !line.includes('Deleted'))
  }

  #set (at: number, host: string, has: boolean): void {
    if (this.#holders.has(host) === has) return
    if (has) this.#holders.add(host)
    else this.#holders.delete(host)
    this.events.push({ at, host, has })
    if (this.#holders.size > 1) this.both.push(`${new Date(at).toISOString()} ${this.holders.join(' and ')}`)
  }
}

/** Pings an address every 10 ms for as long as the test lasts. */
export class Ping {
  /** When each answer came, milliseconds. */
  readonly #answers: number[] = []

  constructor (t: Test, host: NetworkHost, address: string) {
    lines(t, [...host.prefix, 'ping', '-n', '-D', '-i', '0.01', '-W', '1', address], (line) => {
      const [, seconds] = /^\[(\d+\.\d+)\] \d+ bytes from/.exec(line) ?? []
      if (seconds !== undefined) this.#answers.push(Number(seconds) * 1000)
    })
  }

  get last (): number { return this.#answers.at(-1) ?? 0 }

  /** The longest time without an answer since `since`, milliseconds; the one to the first answer after it included. */
  longestGap (since: number): number {
    const from = Math.max(1, this.#answers.findIndex((at) => at >= since))
    return Math.max(0, ...this.#answers.slice(from).map((at, index) => at - (this.#answers[from + index - 1] ?? at)))
  }
}
