/** Hosts of a test's own: network namespaces on one bridge, each with an address. Needs root; what is made here goes with the test. */
import { execFileSync } from 'node:child_process'
import type { Test } from 'tap'
import type { CommandRunner } from '../../../src/runtime/process/command.ts'

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export class NetworkHost {
  readonly name: string
  /** The namespace. */
  readonly namespace: string
  readonly device = 'eth0'
  readonly address: string

  constructor (name: string, namespace: string, address: string) {
    this.name = name
    this.namespace = namespace
    this.address = address
  }

  /** The words that run a command on this host. */
  get prefix (): readonly string[] { return ['ip', 'netns', 'exec', this.namespace] }

  ip (...args: string[]): string { return ip('-n', this.namespace, ...args) }

  /** `commands`, run on this host. */
  runner (commands: CommandRunner): CommandRunner {
    return { run: async (request) => await commands.run({ ...request, argv: [...this.prefix, ...request.argv] }) }
  }

  has (address: string): boolean { return this.ip('-o', 'address', 'show', 'to', address).trim() !== '' }

  /** The processes in it. */
  get pids (): readonly number[] { return ip('netns', 'pids', this.namespace).split('\n').filter((line) => line !== '').map(Number) }
}

/** @param network the first three numbers of the hosts' addresses; nothing but these namespaces ever sees them */
export function networkHosts (t: Test, names: readonly string[], network = '10.213.7'): NetworkHost[] {
  if (process.getuid?.() !== 0) throw new Error('Hosts of a test are network namespaces, which only root may make: run this test as root.')
  const tag = `pvc${process.pid}`
  const made: string[] = []
  t.teardown(() => { for (const namespace of made.toReversed()) ip('netns', 'del', namespace) })
  const add = (namespace: string) => {
    ip('netns', 'add', namespace)
    made.push(namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }
  // The bridge is in a namespace of its own, so that the machine's network never changes.
  const bridge = `${tag}-bridge`
  add(bridge)
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge')
  ip('-n', bridge, 'link', 'set', 'br0', 'up')
  return names.map((name, index) => {
    const namespace = `${tag}-${name}`
    const address = `${network}.${index + 1}`
    add(namespace)
    ip('-n', bridge, 'link', 'add', `port${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    ip('-n', bridge, 'link', 'set', `port${index}`, 'master', 'br0', 'up')
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    return new NetworkHost(name, namespace, address)
  })
}
