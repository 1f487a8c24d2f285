/**
 * Nothing is written in a layout that this project does not know: every write of a process that is given this connector is refused here, before it is
 * sent, for as long as the cluster uses a newer version than `LATEST_SCHEMA`. Reads continue.
 *
 * Guarantees: a refused write was never sent. A lock that this process holds can still be released.
 * Does not guarantee that a write which was sent before the version was raised comes before that.
 */
import { newerSchema, newerSchemaSentence, schemaOf } from '../core/pvc/schema.ts'
import type { Connection, Connector } from '../zookeeper/client/connection.ts'
import { isNoNode, ZooKeeperError, type Operation } from '../zookeeper/client/errors.ts'
import { PRIMARY_NODE, SCHEMA_VERSION } from './layout.ts'

/** The newer version that the cluster uses, null for none, undefined if that is not known at present. */
export type KnownNewerSchema = () => number | null | undefined

/** @param writer what this process is called in the sentence of a refusal */
export function guardedConnector (connector: Connector, writer: string, known: KnownNewerSchema): Connector {
  return (options) => {
    const connection = connector(options)
    const refuse = (op: Operation, path: string, version: number | null): void => {
      if (version === null) return
      const sentence = newerSchemaSentence(version, writer)
      throw new ZooKeeperError('write_barred', { op, path, detail: sentence, cause: new Error(sentence) })
    }
    const barred = async <T>(op: Operation, path: string, write: () => Promise<T>): Promise<T> => {
      const version = known()
      // Where it is known, the write is sent in this very turn: the order of writes and reads is the caller's.
      refuse(op, path, version === undefined ? await readNewerSchema(connection) : version)
      return await write()
    }
    return {
      get watchBytes () { return connection.watchBytes },
      get: async (path, watch, maxLength) => await connection.get(path, watch, maxLength),
      exists: async (path, watch) => await connection.exists(path, watch),
      children: async (path, watch) => await connection.children(path, watch),
      create: async (path, data, flags) => await barred('create', path, async () => await connection.create(path, data, flags)),
      createAll: async (znodes) => await barred('create', znodes[0]?.path ?? '', async () => await connection.createAll(znodes)),
      set: async (path, data, version) => await barred('set', path, async () => await connection.set(path, data, version)),
      setGuarded: async (path, data, version, guard) => await barred('set', path, async () => { await connection.setGuarded(path, data, version, guard) }),
      delete: async (path, version) => path.startsWith(`${PRIMARY_NODE}/`)
        ? await connection.delete(path, version)
        : await barred('delete', path, async () => { await connection.delete(path, version) }),
      deleteAll: async (znodes, unchanged) => await barred('delete', znodes[0]?.path ?? '', async () => await connection.deleteAll(znodes, unchanged)),
      sync: async (path) => { await connection.sync(path) },
      close: () => connection.close(),
    }
  }
}

async function readNewerSchema (connection: Connection): Promise<number | null> {
  try {
    return newerSchema([schemaOf((await connection.get(SCHEMA_VERSION, false)).data)])
  } catch (error) {
    if (isNoNode(error)) return null
    throw error
  }
}
