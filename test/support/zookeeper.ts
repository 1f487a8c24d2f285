/**
 * Verbs for tests against a real ZooKeeper: a server, sessions on it, accidents that happen to them, and kazoo.
 * What a test starts here is ended with that test.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { ZooKeeperServer, type ZooKeeperServerOptions } from '../../tools/testbed/zookeeper-server.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { LockBook } from '../../src/zookeeper/locks/lock-book.ts'
import { SessionKeeper, type KeeperReport, type SessionKeeperOptions } from '../../src/zookeeper/session/session-keeper.ts'
import { Session, type SessionOptions, type SessionState } from '../../src/zookeeper/session/session.ts'
import { Proxy } from '../../tools/testbed/proxy.ts'

export const connector = nativeConnector()
const uuid = (): string => randomUUID().replaceAll('-', '')

/** A server of the test's own, gone with it. */
export async function zookeeper (t: Test, options: ZooKeeperServerOptions = {}): Promise<ZooKeeperServer> {
  const server = await new ZooKeeperServer(options).start()
  t.teardown(async () => await server.remove())
  return server
}

export async function proxy (t: Test, server: ZooKeeperServer): Promise<Proxy> {
  const made = await Proxy.start(server.port)
  t.teardown(async () => await made.close())
  return made
}

/** A session that is not connected yet. */
export function openSession (t: Test, to: { connectString: string }, options: Partial<SessionOptions> = {}): Session {
  const session = new Session({ connector, servers: [to.connectString], sessionTimeout: 4_000, clock: systemClock, ...options })
  t.teardown(async () => await session.close())
  return session
}

/** A connected session. */
export async function connect (t: Test, to: { connectString: string }, options: Partial<SessionOptions> = {}): Promise<Session> {
  const session = openSession(t, to, options)
  await session.whenConnected()
  return session
}

export interface KeeperWithReports {
  keeper: SessionKeeper
  reports: KeeperReport[]
}

export function keep (t: Test, to: { connectString: string }, options: Partial<SessionKeeperOptions> = {}): KeeperWithReports {
  const reports: KeeperReport[] = []
  const keeper = new SessionKeeper({
    connector, servers: [to.connectString], sessionTimeout: 4_000, clock: systemClock, random: Math.random, report: (report) => reports.push(report), backoff: { min: 20, max: 200 }, ...options
  })
  t.teardown(async () => await keeper.close())
  return { keeper, reports }
}

export function lockBook (): LockBook {
  return new LockBook({ clock: systemClock, uuid })
}

/** Resolves when the session is in `state`; rejects if it ends in another. */
export async function reaches (session: Session, state: SessionState): Promise<void> {
  if (session.state === state) return
  await new Promise<void>((resolve, reject) => {
    const listener = session.onState((now) => {
      if (now !== state && !session.over) return
      listener[Symbol.dispose]()
      if (now === state) resolve()
      else reject(new Error(`the session is ${now}, not ${state}`))
    })
  })
}

/** Resolves when `holds()` is true: asks again and again, for as long as the test may take. No timing is asserted. */
export async function eventually (holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Makes the servers forget the session: the way back to them is shut until they have expired it. */
export async function expireSession (server: ZooKeeperServer, path: Proxy, session: Session): Promise<void> {
  const id = session.id
  path.refuse()
  await eventually(async () => !(await server.fourLetter('dump')).includes(`0x${id}`))
  path.heal()
  await reaches(session, 'lost')
}

/** One broken connection: the session is suspended, and back when this resolves. */
export async function dropConnection (path: Proxy, session: Session): Promise<void> {
  const suspended = reaches(session, 'suspended')
  path.cut()
  await suspended
  await reaches(session, 'connected')
}

/** A Python process that talks to ZooKeeper through kazoo, one command line in, one line out. */
export interface Kazoo {
  readonly process: ChildProcess
  /** Sends a line and resolves with the answering line. */
  ask (line: string): Promise<string>
  kill (signal?: NodeJS.Signals): Promise<void>
}

export async function kazoo (t: Test, to: { connectString: string }, program: string, sessionTimeout = 2): Promise<Kazoo> {
  const prelude = `
import logging, sys
logging.disable(logging.CRITICAL)
try:
    import kazoo
except ImportError:
    sys.exit("kazoo is missing: apt install python3-kazoo")
from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
zk = KazooClient(hosts=${JSON.stringify(to.connectString)}, timeout=${sessionTimeout})
zk.start()
def say(text):
    print(text, flush=True)
say("ready")
`
  const child = spawn('/usr/bin/python3', ['-c', prelude + program], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => { complaint += chunk.toString() })
  const lines: string[] = []
  const takers: ((line: string) => void)[] = []
  const failers: ((error: Error) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    const take = takers.shift()
    failers.shift()
    if (take === undefined) lines.push(line)
    else take(line)
  })
  let ended = false
  const exited = once(child, 'close').then(() => {
    ended = true
    takers.length = 0
    for (const fail of failers.splice(0)) fail(new Error(`python ended: ${complaint}`))
  })
  const next = async (): Promise<string> => await new Promise<string>((resolve, reject) => {
    const line = lines.shift()
    if (line !== undefined) {
      resolve(line)
    } else if (ended) {
      reject(new Error(`python ended: ${complaint}`))
    } else {
      takers.push(resolve)
      failers.push(reject)
    }
  })
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal)
    await exited
  }
  t.teardown(async () => await kill())
  await next()
  return {
    process: child,
    ask: async (line) => {
      const answer = next()
      child.stdin.write(`${line}\n`)
      return await answer
    },
    kill,
  }
}
