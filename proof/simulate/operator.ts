/** Writes to ZooKeeper that ask no daemon: those of an operator with zkCli, or of a restored backup. */
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import type { Connection } from '../../src/zookeeper/client/connection.ts'
import { Process } from './process.ts'
import type { Timeline } from './timeline.ts'
import { simulatedConnector, type SimulatedZooKeeper } from './zookeeper/client.ts'

export const OPERATOR = 'operator'

export interface OperatorOptions {
  readonly zookeeper: SimulatedZooKeeper
  readonly timeline: Timeline
  /** Milliseconds. */
  readonly sessionTimeout: number
}

export class Operator {
  readonly #options: OperatorOptions

  constructor (options: OperatorOptions) {
    this.#options = options
  }

  writeKey (value: string): void {
    void this.#act(async (connection) => { await connection.set(PRIMARY_NODE, value, -1) })
  }

  /** Deletes the key and makes it again, unless it has children. */
  restoreKey (value: string): void {
    void this.#act(async (connection) => {
      const { names } = await connection.children(PRIMARY_NODE, false)
      if (names.length > 0) return
      await connection.delete(PRIMARY_NODE, -1)
      await connection.create(PRIMARY_NODE, value, { ephemeral: false, sequential: false })
    })
  }

  leaveLock (): void {
    void this.#act(async (connection) => { await connection.create(`${PRIMARY_NODE}/operator__lock__`, '', { ephemeral: false, sequential: true }) })
  }

  removeLocks (): void {
    const { zookeeper: { ensemble }, timeline } = this.#options
    const left = () => (ensemble.committed.children(PRIMARY_NODE) ?? []).filter((name) => name.startsWith('operator__lock__'))
    void this.#act(async (connection) => { for (const name of left()) await connection.delete(`${PRIMARY_NODE}/${name}`, -1) }).then(() => {
      if (left().length > 0) timeline.after(1_000, () => this.removeLocks())
    })
  }

  /** On a session of its own. Whatever happens to it, it is tried once. */
  async #act (action: (connection: Connection) => Promise<void>): Promise<void> {
    const { zookeeper, timeline, sessionTimeout } = this.#options
    const process = new Process(OPERATOR, timeline)
    await new Promise<void>((resolve) => {
      const connection = simulatedConnector(zookeeper, process)({
        servers: ['zookeeper'],
        sessionTimeout,
        onEvent: ({ type }) => {
          if (type !== 'connected') return
          action(connection).catch(() => {}).finally(() => {
            connection.close()
            resolve()
          })
        },
      })
    })
  }
}
