/** Watching and fencing for one life of a coordinator, from the configuration. */
import type { BrokenFence } from '../../core/model/fence-probe.ts'
import type { CachedPresence } from '../../core/fencing/looking.ts'
import type { Member } from '../../core/model/member.ts'
import type { FoundFault } from '../../core/pvc/fault.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { CommandRunner } from '../../runtime/process/command.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { LockBook } from '../../zookeeper/locks/locks.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { NodeConfig } from '../config/node-config.ts'
import type { Journal } from '../reports/journal.ts'
import type { FencingAgent } from './agent.ts'
import { commandAgent } from './command-agent.ts'
import { Disbeliefs } from './disbelief.ts'
import { Fencer } from './fencer.ts'
import { ipmiAgent } from './ipmi-agent.ts'
import { Observer } from './observer.ts'
import { FenceProbes } from './probes.ts'
import { Recovery } from './recovery.ts'
import { readTarget } from './target.ts'

/** What fencing shares with the life that it belongs to. */
export interface FencingTools {
  readonly config: NodeConfig
  readonly session: Session
  readonly clock: Clock
  readonly commands: CommandRunner
  readonly book: LockBook
  readonly log: Logger
  readonly journal?: Journal | undefined
}

export interface FencingContext extends FencingTools {
  readonly members: () => readonly Member[]
  readonly onView: (listener: () => void) => Disposable
  readonly active: () => boolean
  readonly onFault: (fault: FoundFault) => void
  readonly onProbed: (broken: readonly BrokenFence[]) => void
  /** A presence as the cache has it; null for none. */
  readonly presenceOf: (name: string) => CachedPresence | null
  /** Called after each look at the others. */
  readonly onLook: () => void
}

/** Milliseconds between two looks at the others, and for which a presence has to be gone. */
const LOOK = 500
/** Milliseconds, at least, before a peer is believed to be alive although its power is said to be off. */
const AFTERLIFE = 60_000

export function createFencing (context: FencingContext): { readonly observer: Observer, readonly fencer: Fencer, readonly probes: FenceProbes | null, readonly recovery: Recovery } {
  const { config, session, clock, book, commands, log, members, onView, presenceOf, active, onFault, onLook, onProbed } = context
  const agent = agentOf(context)
  const terms = { keepaliveWindow: config.keepaliveInterval * config.fenceIntervals, presenceWindow: LOOK }
  const recovery = new Recovery({ session, commands, log, command: config.fencing.recover, timeout: config.domains.timeout, onFault })
  const fencer = new Fencer({
    self: config.node,
    session,
    clock,
    log,
    journal: context.journal,
    book,
    terms,
    agent,
    savingThrows: config.fencing.savingThrows,
    savingInterval: config.fencing.savingInterval,
    unfencedGrace: config.unfencedFailover ? config.takeoverGrace ?? session.negotiatedTimeout / 3 : null,
    members,
    active,
    onFault,
    onFenced: (node) => recovery.begin(node),
  })
  const disbeliefs = new Disbeliefs({ self: config.node, session, clock, log, members })
  const observer: Observer = new Observer({
    session,
    clock,
    terms,
    interval: LOOK,
    // A look before the next keepalive is due: it is read then, and at each look until it is there.
    cadence: Math.max(0, Math.min(config.keepaliveInterval, terms.keepaliveWindow / 2) - LOOK),
    presenceOf,
    members,
    onView: (listener) => onView(() => {
      // At once: the node may come back, and then it is too late to see it.
      disbeliefs.consider()
      listener()
    }),
    onLook: () => {
      onLook()
      disbeliefs.consider()
      fencer.consider(observer)
    },
  })
  const probes = agent === null ? null : new FenceProbes({ self: config.node, clock, log, agent, afterlife: Math.max(AFTERLIFE, 2 * session.negotiatedTimeout, 2 * terms.keepaliveWindow), members, active, onFault, target: async (node) => await readTarget(session, node), onProbed })
  return { observer, fencer, probes, recovery }
}

function agentOf ({ config: { fencing }, commands, clock }: FencingContext): FencingAgent | null {
  switch (fencing.method) {
    case 'none': return null
    case 'command': return commandAgent(fencing, commands)
    case 'ipmi': return ipmiAgent(fencing, { clock, commands })
  }
}
