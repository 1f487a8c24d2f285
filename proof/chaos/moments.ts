/**
 * The boundaries of the phases: how each is brought about, how it is told that it has come, and which node it is about.
 */
import type { ClusterSnapshot } from '../../src/core/coordinator/coordinator-state.ts'
import type { Arena } from './arena.ts'
import { RESOURCES } from './arena.ts'
import type { Clients } from './clients.ts'

/** What is known when a boundary is waited for. */
export interface Scene {
  readonly view: ClusterSnapshot
  /** The primary before, and whom the role is to go to. */
  readonly from: string
  readonly to: string
  /** Effects since it was begun, as `node action resource`. */
  readonly effects: readonly string[]
  /** Who has said since then that it fences `from`. */
  readonly fencer: string | null
}

export interface Moment {
  readonly phase: 'contention' | 'takeover' | 'relinquish' | 'handover' | 'shutdown' | 'fencing'
  readonly name: string
  readonly begin: (stage: { readonly arena: Arena, readonly clients: Clients, readonly from: string, readonly to: string }) => Promise<void>
  /** The node that it is about, once it has come; null before. */
  readonly about: (scene: Scene) => string | null
}

const [first, last] = [RESOURCES[0], RESOURCES[RESOURCES.length - 1] ?? '']
const stateOf = (view: ClusterSnapshot, name: string) => view.members.find((member) => member.name === name)
const isIn = (view: ClusterSnapshot, name: string, state: string) => stateOf(view, name)?.coordinatorState === state

const freed: Moment['begin'] = async ({ arena }) => await arena.writeKey('none')
const asked: Moment['begin'] = async ({ clients, to }) => await clients.request(to)
const told: Moment['begin'] = ({ arena, from }) => {
  arena.node(from).signal('SIGTERM')
  return Promise.resolve()
}
const killed: Moment['begin'] = async ({ arena, from }) => await arena.kill(from)
const done = (which: 'from' | 'to', action: string, resource: string | undefined): Moment['about'] => (scene) => scene.effects.includes(`${scene[which]} ${action} ${resource ?? ''}`) ? scene[which] : null

export const moments: readonly Moment[] = [
  { phase: 'contention', name: 'the key is free', begin: freed, about: ({ view, to }) => view.key.value === 'none' ? to : null },
  { phase: 'contention', name: 'one has won', begin: freed, about: ({ view, from, effects }) => view.key.value !== 'none' && (view.key.value !== from || effects.length > 0) ? view.key.value : null },
  { phase: 'takeover', name: 'takeover is written', begin: asked, about: ({ view, to }) => isIn(view, to, 'takeover') ? to : null },
  { phase: 'takeover', name: 'half is acquired', begin: asked, about: done('to', 'acquire', first) },
  { phase: 'takeover', name: 'all is acquired', begin: asked, about: done('to', 'acquire', last) },
  { phase: 'relinquish', name: 'relinquish is written', begin: asked, about: ({ view, from }) => isIn(view, from, 'relinquish') ? from : null },
  { phase: 'relinquish', name: 'half is released', begin: asked, about: done('from', 'release', last) },
  { phase: 'relinquish', name: 'all is released', begin: asked, about: done('from', 'release', first) },
  { phase: 'handover', name: 'the key is written', begin: asked, about: ({ view, from, to }) => view.key.value === to ? from : null },
  { phase: 'handover', name: 'both are on their way', begin: asked, about: ({ view, from, to }) => isIn(view, from, 'relinquish') && isIn(view, to, 'takeover') ? to : null },
  { phase: 'shutdown', name: 'shutdown is written', begin: told, about: ({ view, from }) => stateOf(view, from)?.daemonState === 'shutdown' ? from : null },
  { phase: 'shutdown', name: 'it releases', begin: told, about: ({ view, from }) => isIn(view, from, 'relinquish') ? from : null },
  { phase: 'shutdown', name: 'it has released everything', begin: told, about: ({ view, from }) => isIn(view, from, 'secondary') && stateOf(view, from)?.daemonState !== 'run' ? from : null },
  { phase: 'fencing', name: 'it is judged', begin: killed, about: ({ view, from, to }) => stateOf(view, from)?.daemonState === 'dead' ? to : null },
  { phase: 'fencing', name: 'the agent runs', begin: killed, about: ({ fencer }) => fencer },
  { phase: 'fencing', name: 'it is fenced', begin: killed, about: ({ view, from, fencer }) => stateOf(view, from)?.daemonState === 'fenced' ? fencer : null },
]
