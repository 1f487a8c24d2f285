/**
 * May an operator's word make this node `fenced`? Only if a peer has judged it dead, or it has stopped without saying that it released everything, which no peer
 * judges; it is not there; and it has written no keepalive since: that is told by the order of ZooKeeper's transactions, not by any clock. A PVC node that is not judged, because no coordinator has a fencing agent, has to
 * have been silent for `PVC_SILENCE` instead. Pure; what is to be written is versioned over what was judged.
 */
import { confirmed, newFence, parseFence, presentFence, sightedKeepalive } from '../model/fence-record.ts'
import { mayHoldWhenSilent, PVC_SILENCE } from './judgement.ts'
import { isSessions } from '../model/member.ts'
import { coordinatorStateOf, daemonStateOf, nodeModeOf } from '../model/states.ts'
import type { Znode } from '../model/znode.ts'

/** What is read of the node, each undefined where there is no such znode. */
export interface FenceReading {
  readonly daemonmode: Znode | undefined
  readonly daemonstate: Znode | undefined
  readonly routerstate: Znode | undefined
  readonly presence: Znode | undefined
  readonly keepalive: Znode | undefined
  readonly fence: Znode | undefined
  /** Marks one of ours, which is judged by its peers. */
  readonly transition: Znode | undefined
  /** Milliseconds for which this very keepalive has been seen to stay; null if that is not known. */
  readonly silence: number | null
}

export const fenceObstacles = {
  not_dead: 'no peer has judged it dead, and it has not stopped with something that it may hold',
  present: 'it is in contact with ZooKeeper',
  keepalive_changed: 'it has written a keepalive since it was judged dead or stopped',
  not_silent: 'no peer has judged it dead, and this API has not seen it without a keepalive for 60 s yet',
} as const
export type FenceObstacle = keyof typeof fenceObstacles

export interface FenceWrite {
  readonly child: 'daemonstate' | 'routerstate' | 'fence'
  readonly value: string
  /** null: there is no such znode yet. */
  readonly version: number | null
}

/** What the first write depends on: the signs of life that were judged, as they were. */
export interface FenceGuard {
  readonly unchanged: ReadonlyArray<{ readonly child: SignOfLife, readonly version: number }>
  readonly absent: readonly SignOfLife[]
}
type SignOfLife = 'keepalive' | 'presence'

export type FenceRuling =
  | { readonly kind: 'already' }
  | { readonly kind: 'refused', readonly obstacles: readonly FenceObstacle[] }
  /** In this order; the first stands for the judgement. */
  | { readonly kind: 'confirm', readonly writes: readonly FenceWrite[], readonly guard: FenceGuard }

/**
 * @param confirmedBy whose API key vouches for it, or null where no key is needed
 * @param wall the present moment, RFC 3339
 */
export function judgeConfirmation (reading: FenceReading, confirmedBy: string | null, wall: string): FenceRuling {
  const state = daemonStateOf(reading.daemonstate?.data)
  const isCoordinator = nodeModeOf(reading.daemonmode?.data) !== 'hypervisor'
  const released = !isCoordinator || coordinatorStateOf(reading.routerstate?.data) === 'secondary'
  if (state === 'fenced' && released) return { kind: 'already' }
  const obstacles = obstaclesOf(reading, state === 'dead' || state === 'fenced' || (state === 'stop' && isCoordinator && mayHoldAtItsEnd(reading)))
  if (obstacles.length > 0) return { kind: 'refused', obstacles }
  const judged = presentFence(parseFence(reading.fence?.data), state, sightedKeepalive(reading.keepalive)) ?? newFence(null, null, { presence: null, renewal: null, keepalive: null }, wall)
  const record = confirmed({ ...judged, method: 'operator' }, confirmedBy, 'An operator has confirmed that it is down.', wall)
  return {
    kind: 'confirm',
    writes: [
      // Written again if it says so already: the version has to be the one that was judged.
      write('daemonstate', reading.daemonstate, 'fenced'),
      ...released ? [] : [write('routerstate', reading.routerstate, 'secondary')],
      write('fence', reading.fence, JSON.stringify(record)),
    ],
    guard: guardOf(reading),
  }
}

/** Of one of ours that has stopped: it was not through with releasing, or its word is the one that its registration wrote before it had released anything. */
const mayHoldAtItsEnd = ({ routerstate, transition }: FenceReading): boolean =>
  transition !== undefined && (coordinatorStateOf(routerstate?.data) !== 'secondary' || routerstate?.mzxid === transition.czxid)

function guardOf (reading: FenceReading): FenceGuard {
  const signs = (['keepalive', 'presence'] as const).map((child) => ({ child, znode: reading[child] }))
  return {
    unchanged: signs.flatMap(({ child, znode }) => znode === undefined ? [] : [{ child, version: znode.version }]),
    absent: signs.filter(({ znode }) => znode === undefined).map(({ child }) => child),
  }
}

const write = (child: FenceWrite['child'], znode: Znode | undefined, value: string): FenceWrite => ({ child, value, version: znode?.version ?? null })

/** @param judgedDead its last daemon state leaves its word to an operator */
function obstaclesOf ({ daemonstate, routerstate, presence, keepalive, transition, silence }: FenceReading, judgedDead: boolean): readonly FenceObstacle[] {
  const found: FenceObstacle[] = []
  const isLeftAlone = transition === undefined && !isSessions(presence) && mayHoldWhenSilent({ daemonState: daemonStateOf(daemonstate?.data), coordinatorState: coordinatorStateOf(routerstate?.data) })
  if (!judgedDead && !isLeftAlone) found.push('not_dead')
  if (!judgedDead && isLeftAlone && (silence === null || silence < PVC_SILENCE)) found.push('not_silent')
  if (isSessions(presence)) found.push('present')
  if (judgedDead && keepalive !== undefined && daemonstate !== undefined && keepalive.mzxid > daemonstate.mzxid) found.push('keepalive_changed')
  return found
}
