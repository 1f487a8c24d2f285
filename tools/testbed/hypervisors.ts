/**
 * Hypervisors as pvcnoded runs them, many in this process: the production daemon with its defaults, its own collectors, and a session of its own each.
 * Without a process for each, a cluster of many nodes fits on one machine.
 */
import { randomUUID } from 'node:crypto'
import { rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { systemClock } from '../../src/runtime/clock.ts'
import { createCommandRunner } from '../../src/runtime/process/command.ts'
import type { Connector } from '../../src/zookeeper/client/connection.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { createCollectors } from '../../src/pvcnoded/collectors/create.ts'
import { loadNodeConfig } from '../../src/pvcnoded/config/config.ts'
import { NodeDaemon, type DaemonEnd } from '../../src/pvcnoded/daemon/daemon.ts'

export interface HypervisorsOptions {
  /** `host:port` of each server. */
  readonly servers: readonly string[]
  /** Seconds. Default 10. */
  readonly sessionTimeout?: number
  /** Seconds. Default 5. */
  readonly keepaliveInterval?: number
  /** The connector of a node's sessions; the native client's by default. */
  readonly connector?: (node: string) => Connector
}

const facts = { cpus: 4, kernel: '6.1.0', os: 'GNU/Linux', arch: 'x86_64' }

export class Hypervisors implements AsyncDisposable {
  readonly #options: HypervisorsOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'pvc-hypervisors-'))
  readonly #running = new Map<string, { readonly daemon: NodeDaemon, readonly end: Promise<DaemonEnd> }>()

  constructor (options: HypervisorsOptions) {
    this.#options = options
  }

  /** Starts one; resolves once it is registered. */
  async start (node: string): Promise<void> {
    const { connector = () => nativeConnector() } = this.#options
    const commands = createCommandRunner(systemClock)
    await new Promise<void>((resolve, reject) => {
      const daemon = new NodeDaemon({
        config: this.#config(node),
        connector: connector(node),
        clock: systemClock,
        commands,
        log: pino({ level: 'silent' }),
        uuid: () => randomUUID().replaceAll('-', ''),
        random: Math.random,
        facts,
        collectors: createCollectors([], node, facts, systemClock, commands),
        version: '0',
        onRegistered: resolve,
      })
      const end = daemon.run()
      end.catch(reject)
      this.#running.set(node, { daemon, end })
    })
  }

  /** Stops one in order. */
  async stop (node: string): Promise<void> {
    const running = this.#running.get(node)
    this.#running.delete(node)
    running?.daemon.shutdown()
    await running?.end
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all([...this.#running.keys()].map(async (node) => await this.stop(node)))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #config (node: string) {
    const { servers, sessionTimeout = 10, keepaliveInterval = 5 } = this.#options
    const file = join(this.#folder, `${node}.yaml`)
    writeFileSync(file, stringify({
      pvc: { node, mode: 'hypervisor', coordinators: servers, zookeeper: { session_timeout: sessionTimeout }, system: { intervals: { keepalive_interval: keepaliveInterval } } },
    }))
    const loaded = loadNodeConfig(file)
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
    return loaded.value
  }
}
