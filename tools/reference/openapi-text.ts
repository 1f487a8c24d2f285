/** The description of the API as the committed file has it: of an application that never connects to anything. */
import { buildApp } from '../../src/pvcapid/app.ts'
import { defaultLimits } from '../../src/pvcapid/config/schema.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { createLogger } from '../../src/runtime/log/log.ts'
import type { Connector } from '../../src/zookeeper/client/connection.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'

/** A client that is never connected. */
const nowhere: Connector = () => {
  const refuse = async (): Promise<never> => { throw new ZooKeeperError('connection_loss', { op: 'connect' }) }
  return { watchBytes: 0, get: refuse, exists: refuse, children: refuse, create: refuse, createAll: refuse, deleteAll: refuse, setGuarded: refuse, set: refuse, delete: refuse, sync: refuse, close () {} }
}

export async function openapiText (): Promise<string> {
  const app = await buildApp({
    config: { node: undefined, servers: [{ host: '127.0.0.1', port: 1 }], sessionTimeout: 10_000, listenAddress: '127.0.0.1', listenPort: 0, tokens: undefined, tls: undefined, limits: defaultLimits, trustedProxies: [], logLevel: 'silent' },
    clock: systemClock,
    connector: nowhere,
    log: createLogger({ name: 'pvcapid', level: 'silent', clock: systemClock }),
    random: Math.random,
    uuid: () => '0'.repeat(32),
  })
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  return text
}
