/** A connector whose every operation is timed, from when it was asked for to its answer or failure. Changes nothing else about it. */
import type { Clock } from '../../runtime/clock.ts'
import type { Connection, Connector } from '../../zookeeper/client/connection.ts'

export type OperationName = Exclude<keyof Connection, 'watchBytes' | 'close' | 'createAll' | 'deleteAll' | 'setGuarded'>

/** @param observe is told how long an operation took, in seconds, and whether it succeeded */
export function measuredConnector (connector: Connector, clock: Clock, observe: (operation: OperationName, seconds: number, ok: boolean) => void): Connector {
  return (options) => {
    const connection = connector(options)
    const timed = async <T>(name: OperationName, run: () => Promise<T>): Promise<T> => {
      const begun = clock.monotonic()
      let ok = false
      try {
        const value = await run()
        ok = true
        return value
      } finally {
        observe(name, (clock.monotonic() - begun) / 1000, ok)
      }
    }
    return {
      get watchBytes () { return connection.watchBytes },
      get: async (path, watch, maxLength) => await timed('get', async () => await connection.get(path, watch, maxLength)),
      exists: async (path, watch) => await timed('exists', async () => await connection.exists(path, watch)),
      children: async (path, watch) => await timed('children', async () => await connection.children(path, watch)),
      create: async (path, data, flags) => await timed('create', async () => await connection.create(path, data, flags)),
      createAll: async (znodes) => await timed('create', async () => { await connection.createAll(znodes) }),
      deleteAll: async (znodes, unchanged) => await timed('delete', async () => { await connection.deleteAll(znodes, unchanged) }),
      set: async (path, data, version) => await timed('set', async () => await connection.set(path, data, version)),
      setGuarded: async (path, data, version, guard) => await timed('set', async () => { await connection.setGuarded(path, data, version, guard) }),
      delete: async (path, version) => await timed('delete', async () => { await connection.delete(path, version) }),
      sync: async (path) => await timed('sync', async () => { await connection.sync(path) }),
      close: () => connection.close(),
    }
  }
}
