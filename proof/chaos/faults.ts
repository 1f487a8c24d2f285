/** What can go wrong on purpose: each fault strikes one node or the ensemble, and says how to put it right. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Arena } from './arena.ts'
import { SESSION_TIMEOUT } from './arena.ts'

export interface Fault {
  readonly name: string
  /** Whom it impairs, so that a fence of theirs is no mistake: the node that is struck, everybody, nobody. */
  readonly impairs: 'struck' | 'everybody' | 'nobody'
  /** Strikes, and resolves once everything is as before. */
  readonly strike: (arena: Arena, node: string) => Promise<void>
}

/** Milliseconds: longer than a session, so that the lease ends, the node is judged, and its fence has begun. */
const LONG = SESSION_TIMEOUT * 1000 * 2.5
/** Milliseconds: shorter than a session. */
const SHORT = SESSION_TIMEOUT * 1000 / 2
/** Milliseconds until whoever waits for a lost reply has had to find out by itself. */
const LOST = 700

const cut = (how: (way: { blackHole: () => void, swallowReplies: () => void, swallowRequests: () => void }) => void, lasts: number) => async (arena: Arena, node: string) => {
  const ways = arena.ways.get(node) ?? []
  for (const way of ways) how(way)
  await delay(lasts)
  for (const way of ways) way.heal()
}

const killed = (lasts: number) => async (arena: Arena, node: string) => {
  await arena.kill(node)
  await delay(lasts)
  arena.startNode(node)
}

const paused = (lasts: number) => async (arena: Arena, node: string) => {
  const daemon = arena.node(node)
  daemon.signal('SIGSTOP')
  await delay(lasts)
  daemon.signal('SIGCONT')
}

export const faults: readonly Fault[] = [
  { name: 'killed', impairs: 'struck', strike: killed(SHORT) },
  { name: 'killed for long', impairs: 'struck', strike: killed(LONG) },
  { name: 'paused', impairs: 'struck', strike: paused(SHORT) },
  { name: 'paused for long', impairs: 'struck', strike: paused(LONG) },
  { name: 'cut off', impairs: 'struck', strike: cut((way) => way.blackHole(), LONG) },
  { name: 'requests lost', impairs: 'struck', strike: cut((way) => way.swallowRequests(), LONG) },
  { name: 'replies lost', impairs: 'struck', strike: cut((way) => way.swallowReplies(), LONG) },
  { name: 'one reply lost', impairs: 'struck', strike: cut((way) => way.swallowReplies(), LOST) },
  {
    name: 'leader killed',
    impairs: 'nobody',
    strike: async ({ ensemble }) => {
      const leader = await ensemble.leader()
      await leader.kill()
      await delay(SHORT)
      await leader.start()
    },
  },
  {
    name: 'leader paused',
    impairs: 'nobody',
    strike: async ({ ensemble }) => {
      const leader = await ensemble.leader()
      await leader.pause()
      await delay(LONG)
      leader.resume()
    },
  },
  {
    name: 'follower cut off',
    // It keeps answering its clients, whose sessions end meanwhile with the leader.
    impairs: 'everybody',
    strike: async ({ ensemble }) => {
      ensemble.cutOff()
      await delay(LONG)
      ensemble.heal()
    },
  },
  {
    name: 'clock jumps',
    impairs: 'nobody',
    strike: async (arena, node) => {
      arena.setClock(node, 3_600)
      await delay(SHORT)
      arena.setClock(node, -3_600)
      await delay(SHORT)
      arena.setClock(node, 0)
    },
  },
]
