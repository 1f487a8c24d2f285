/** One round: a phase is brought about, and at its boundary something goes wrong; then everything has to come to rest by itself. */
import { setTimeout as delay } from 'node:timers/promises'
import { settledPrimary } from '../../src/core/switchover/completion.ts'
import type { ClusterSnapshot } from '../../src/core/coordinator/coordinator-state.ts'
import { isOpen } from '../../src/core/model/record.ts'
import { NODES, type Arena } from './arena.ts'
import type { Clients } from './clients.ts'
import type { Fault } from './faults.ts'
import type { Moment, Scene } from './moments.ts'
import type { Impairment } from './verdict.ts'

/** Milliseconds within which one primary has to be settled, and every node in `run`, once nothing is wrong any more. */
export const SETTLING = 60_000
/** Milliseconds to wait for a boundary: what was begun may have come to another end. */
const REACHING = 20_000
/** Milliseconds. */
const LOOK = 5

export interface Round {
  readonly struck: string | null
  /** Milliseconds from when everything was right again until it was at rest; null: it was not within `SETTLING`. */
  readonly settled: number | null
  readonly impairments: readonly Impairment[]
  /** What was to be seen, if it was not at rest. */
  readonly scene: string | null
}

/** @param pick a number from 0 to `count` - 1, by chance */
export async function playRound (arena: Arena, clients: Clients, moment: Moment, fault: Fault, pick: (count: number) => number): Promise<Round> {
  const rested = await atRest(arena)
  if (rested === null) return { struck: null, settled: null, impairments: [], scene: describe(arena.view) }
  const { from } = rested
  const others = NODES.filter((name) => name !== from)
  const to = others[pick(others.length)] ?? ''
  const impairments: Impairment[] = []
  const began = Date.now()
  const look = onlooker(arena, from, to)
  await moment.begin({ arena, clients, from, to })
  const struck = await reached(look, moment)
  if (struck !== null) {
    const at = Date.now()
    await fault.strike(arena, struck)
    if (fault.impairs !== 'nobody') impairments.push({ node: fault.impairs === 'everybody' ? 'everybody' : struck, from: at, until: Date.now() })
  }
  for (const name of NODES) arena.startNode(name)
  if (moment.phase === 'fencing') impairments.push({ node: from, from: began, until: Date.now() })
  const right = performance.now()
  const rest = await atRest(arena)
  return { struck, settled: rest === null ? null : performance.now() - right, impairments, scene: rest === null ? describe(arena.view) : null }
}

/** The primary once one is settled, no switchover is open and every node is in `run`; null if that does not come. */
async function atRest (arena: Arena): Promise<{ readonly from: string } | null> {
  const until = performance.now() + SETTLING
  while (performance.now() < until) {
    const { view } = arena
    const primary = view === null ? null : settledPrimary(view)
    if (view !== null && primary !== null && !view.records.some(isOpen) && NODES.every((name) => view.members.some((member) => member.name === name && member.daemonState === 'run' && member.presence !== null))) return { from: primary.name }
    await delay(LOOK)
  }
  return null
}

/** What has happened since this was called. */
function onlooker (arena: Arena, from: string, to: string): () => Scene | null {
  const effects = arena.cluster.effects().length
  const said = new Map([...arena.cluster.nodes.values()].map((daemon) => [daemon, daemon.log.length]))
  return () => {
    const { view } = arena
    if (view === null) return null
    const fencer = [...arena.cluster.nodes].find(([, daemon]) => daemon.running && daemon.log.slice(said.get(daemon) ?? 0).some((line) => line.msg === `fencing ${from}`))
    return { view, from, to, effects: arena.cluster.effects().slice(effects).map((line) => line.split(' ').slice(1).join(' ')), fencer: fencer?.[0] ?? null }
  }
}

async function reached (look: () => Scene | null, moment: Moment): Promise<string | null> {
  const until = performance.now() + REACHING
  while (performance.now() < until) {
    const scene = look()
    const node = scene === null ? null : moment.about(scene)
    if (node !== null) return node
    await delay(LOOK)
  }
  return null
}

function describe (view: ClusterSnapshot | null): string {
  if (view === null) return 'nothing is known of the cluster'
  const members = view.members.map((member) => `${member.name} ${String(member.daemonState)} ${String(member.coordinatorState)}${member.presence === null ? ' absent' : ''}`)
  return `the key says ${view.key.value}; ${members.join(', ')}; open: ${view.records.filter(isOpen).map(({ epoch }) => epoch).join(' ') || 'none'}`
}
