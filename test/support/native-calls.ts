/** What reaches the native half of the ZooKeeper package. */
import { nativeZooKeeper } from '../../src/zookeeper/client/native-client.ts'

/**
 * Every call that reaches the package's native half from now until the end of the test, as `<client>.<method>`, clients
 * counted from 1; an operation's answer is noted as `<client>.<method> answered`, before anyone hears of it.
 */
export function spy (t: { teardown: (action: () => void) => void }): { calls: string[], configs: unknown[] } {
  const calls: string[] = []
  const configs: unknown[] = []
  const clients: object[] = []
  const prototype = nativeZooKeeper().prototype as unknown as { init: (config: object) => unknown }
  const init = prototype.init
  prototype.init = function (this: { native: Record<string, unknown> }, config) {
    if (!clients.includes(this)) {
      const number = clients.push(this)
      this.native = new Proxy(this.native, {
        get: (native, name: string) => {
          const value = native[name]
          if (typeof value !== 'function') return value
          return (...args: unknown[]) => {
            const done = args.at(-1)
            calls.push(`${number}.${name}`)
            if (name === 'init') configs.push(args[0])
            if (typeof done === 'function') args.splice(-1, 1, (...result: unknown[]) => { calls.push(`${number}.${name} answered`); done(...result) })
            return value.apply(native, args)
          }
        },
      })
    }
    return init.call(this, config)
  }
  t.teardown(() => { prototype.init = init })
  return { calls, configs }
}
