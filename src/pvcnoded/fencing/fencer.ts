/**
 * Judges nodes dead and fences them, as `core/fencing/judgement.ts` plans it. Everything is read again, directly, before anything is written, and every
 * write expects the version that the judgement rests on.
 *
 * Guarantees: no node is fenced while a second coordinator is out of contact, too; a node is written `fenced` only after a confirmed fence, over
 * the very `dead` that was judged; at most one node is fenced at a time in the whole cluster; a fence begun by a coordinator that dies is continued
 * with by another.
 * Does not guarantee that a node which comes back while its fence is in progress is spared: it passed no saving throw before.
 */
import { confirmed, newFence, openFence, retryPause, showsLife, suspicions, type FenceRecord, type Sighting, type Suspicion } from '../../core/model/fence-record.ts'
import { countsAsReleased, fencingPlan, mayHoldWhenSilent, isMissing, type FencingPlan, type FencingTerms } from '../../core/fencing/judgement.ts'
import { holdsNothing, type Member } from '../../core/model/member.ts'
import type { FoundFault } from '../../core/pvc/fault.ts'
import { readMembers, readNewerSchema, readZnode } from '../../cluster/reading.ts'
import { sureCreate, sureSet, type WriteOutcome } from '../../cluster/certain-write.ts'
import type { Clock } from '../../runtime/clock.ts'
import { pause } from '../../runtime/deadline.ts'
import { Episode, type Logger } from '../../runtime/log/log.ts'
import { News } from '../../runtime/log/news.ts'
import { hasCode, isZooKeeperError, kindOf } from '../../zookeeper/client/errors.ts'
import { acquireLock, type LockBook, type LockHandle } from '../../zookeeper/locks/locks.ts'
import { FENCE_LOCK, MAINTENANCE, nodePath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { Journal } from '../reports/journal.ts'
import type { FencingAgent, FencingResult } from './agent.ts'
import { sight, type Observer } from './observer.ts'
import { readTarget } from './target.ts'
import type { Zxid } from '../../zookeeper/client/connection.ts'

export interface FencerOptions {
  readonly self: string
  readonly session: Session
  readonly clock: Clock
  readonly log: Logger
  readonly journal?: Journal | undefined
  readonly book: LockBook
  readonly terms: FencingTerms
  /** null: no node is fenced, an operator has to confirm. */
  readonly agent: FencingAgent | null
  readonly savingThrows: number
  /** Milliseconds. */
  readonly savingInterval: number
  /** Milliseconds after its presence has gone at which a node counts as having released; null unless that is asked for. */
  readonly unfencedGrace: number | null
  readonly members: () => readonly Member[]
  /** Told of what PVC's users are to see as a fault. */
  readonly onFault: (fault: FoundFault) => void
  /** Told of each confirmed fence. */
  readonly onFenced: (node: string) => void
  /** Whether this node takes part at present. */
  readonly active: () => boolean
}

type SuspensionReason = NonNullable<FencingPlan['suspended']>['why']

const suspensions: Readonly<Record<SuspensionReason, { readonly begins: string, readonly ends: string }>> = {
  maintenance: { begins: 'a node is dead; fencing is suspended by maintenance mode', ends: 'maintenance mode does not suspend fencing any more' },
  several_dead: { begins: 'more than one coordinator is dead at once: none is fenced, an operator has to confirm', ends: 'not more than one coordinator is dead any more' },
}

/** Milliseconds to wait for the fence lock: who does not get it looks again later. */
const LOCK_PATIENCE = 500
/** Milliseconds between two readings of maintenance with nothing to be done. */
const MAINTENANCE_INTERVAL = 10_000
/** Milliseconds that the last look at a node may have taken before it is fenced. */
const LAST_LOOK = 2_000

export class Fencer {
  readonly #options: FencerOptions
  /** Each reason for which no node is fenced has a beginning and an end of its own. */
  readonly #suspended: Readonly<Record<SuspensionReason, Episode>>
  readonly #unknownLayout: Episode
  readonly #stopped = new AbortController()
  /** Every look, twice a second, meets what is not permitted again. */
  readonly #interruptions: News
  /** When this observer first saw what a node's fence record says now, which its last write tells apart: a record that was deleted and made again has an old version. */
  readonly #recordSeen = new Map<string, { written: Zxid | null, at: number }>()
  /** When maintenance was last read; null where that has failed. */
  #maintenanceAt: number | null = null
  #busy: Promise<void> | null = null
  /** There was another look while it was busy. */
  #again = false

  constructor (options: FencerOptions) {
    this.#options = options
    const episode = () => new Episode(options.log, options.clock)
    this.#interruptions = new News(options.clock)
    this.#suspended = { maintenance: episode(), several_dead: episode() }
    this.#unknownLayout = episode()
  }

  /** One look at what is to be done; once the last one is over, if that is still in progress. */
  consider (observer: Observer): void {
    this.#again = this.#busy !== null
    if (this.#again || this.#stopped.signal.aborted || !this.#options.active()) return
    this.#busy = this.#consider(observer).then(() => this.#interruptions.over(), (error: unknown) => {
      if (!isZooKeeperError(error)) throw error
      if (!this.#options.session.over && this.#interruptions.has(kindOf(error))) this.#options.log.warn({ err: error }, 'fencing was interrupted; it is taken up again')
    }).finally(() => {
      this.#busy = null
      if (this.#again) this.consider(observer)
    })
  }

  /** Stops an agent in progress with its process group; resolves once that is gone, and nothing more is written. */
  async stop (): Promise<void> {
    this.#stopped.abort()
    await this.#busy
  }

  async #consider (observer: Observer): Promise<void> {
    const { self, clock, terms, members, agent, unfencedGrace } = this.#options
    const planned = (now: number, maintenance: boolean) =>
      fencingPlan(self, members(), observer.watches, terms, now, { maintenance, canFence: agent !== null, unfenced: unfencedGrace !== null })
    const begun = clock.monotonic()
    // With nothing that maintenance would suspend there is nothing to be done at this moment.
    const isQuiet = planned(begun, true).suspended === null
    const maintenance = (!isQuiet || this.#isMaintenanceDue(begun)) && await this.#readMaintenance()
    const plan = planned(isQuiet ? begun : clock.monotonic(), maintenance)
    this.#tellOfSuspension(plan)
    if (await this.#isUnknownLayout(plan)) return
    const judged = new Map<string, Suspicion>()
    for (const { name, why } of plan.judge) if (await this.#judge(name, why)) judged.set(name, why)
    await this.#tidyFenced()
    if (unfencedGrace !== null) await this.#letGoUnfenced(observer, unfencedGrace)
    if (agent === null || plan.suspended !== null) return
    for (const name of [...plan.fence, ...judged.keys()]) {
      if (await this.#isDue(name)) await this.#fence(name, agent, judged.get(name) === 'presence_gone' ? terms.presenceWindow : 0)
    }
  }

  /** Read now and then with nothing to be done, too: a fencer that may not read says so before it matters. */
  #isMaintenanceDue (now: number): boolean {
    return this.#maintenanceAt === null || now - this.#maintenanceAt >= MAINTENANCE_INTERVAL
  }

  async #readMaintenance (): Promise<boolean> {
    const { session, clock } = this.#options
    this.#maintenanceAt = null
    const znode = await readZnode(session, MAINTENANCE)
    this.#maintenanceAt = clock.monotonic()
    return znode?.data === 'true'
  }

  /** In a newer layout a node's signs of life may be elsewhere: a frozen keepalive proves nothing there. Read directly, and only with something to be done. */
  async #isUnknownLayout ({ judge, fence }: FencingPlan): Promise<boolean> {
    const { session, members } = this.#options
    const idle = judge.length === 0 && fence.length === 0 && !members().some(({ daemonState }) => daemonState === 'dead' || daemonState === 'fenced')
    const version = idle ? null : await readNewerSchema(session)
    if (version === null) this.#unknownLayout.over('the cluster uses a version of PVC\'s layout that this pvcnoded knows; nodes are fenced again')
    else this.#unknownLayout.fault(`no node is judged or fenced: the cluster uses version ${version} of PVC's layout, which this pvcnoded does not know`, { version })
    return version !== null
  }

  #tellOfSuspension ({ suspended }: FencingPlan): void {
    for (const why of ['maintenance', 'several_dead'] as const) {
      const episode = this.#suspended[why]
      if (suspended?.why === why) episode.fault(suspensions[why].begins, { nodes: suspended.nodes })
      else episode.over(suspensions[why].ends)
    }
  }

  /** Writes `dead`, if a look that a quorum vouches for still bears the suspicion out; whether it has. */
  async #judge (name: string, why: Suspicion): Promise<boolean> {
    const { self, session, clock, log, journal, agent, onFault } = this.#options
    const before = await this.#read(name)
    const seen = await sight(session, name)
    // Another coordinator may have judged it, or it may have stopped, and the view does not show it yet.
    if (before === null || !mayHoldWhenSilent(before) || (why === 'presence_gone' && seen.presence !== null)) return false
    const judged = newFence(self, why, seen, clock.wall())
    const record: FenceRecord = agent === null ? { ...judged, state: 'unconfirmed', message: 'No fencing agent is configured: an operator has to confirm that the node is down.' } : judged
    // Committed by a quorum: what is read after it is no older than this moment, whatever server answers.
    if (await this.#writeRecord(name, record, before.fence?.version ?? null) !== 'done') return false
    const after = await this.#read(name)
    if (after === null || showsLife(record, await sight(session, name)) || after.stateWritten !== before.stateWritten) return false
    if (await this.#set(name, 'daemonstate', 'dead', after.stateVersion) !== 'done') return false
    log.error({ peer: name, why }, `${name} is dead: ${suspicions[why]}`)
    journal?.add({ event: 'judged', message: `${name} is judged dead: ${suspicions[why]}` })
    onFault({ kind: 'node_dead', node: name })
    return true
  }

  /** A fencer that died between its two writes: `fenced` alone says that the node holds nothing, and PVC's daemons read the other one too. */
  async #tidyFenced (): Promise<void> {
    for (const { name, daemonState, coordinatorState } of this.#options.members()) {
      if (daemonState !== 'fenced' || !mayHoldResources(coordinatorState)) continue
      const found = await this.#read(name)
      if (found?.daemonState === 'fenced' && mayHoldResources(found.coordinatorState)) await this.#set(name, 'routerstate', 'secondary', found.routerVersion)
    }
  }

  /** With `unfenced_failover`: a node whose session has ended has released everything by itself, because its lease ended before that. */
  async #letGoUnfenced (observer: Observer, grace: number): Promise<void> {
    const { clock, log, session } = this.#options
    for (const member of this.#options.members()) {
      if (holdsNothing(member) || !countsAsReleased(member, observer.watches.get(member.name), grace, clock.monotonic())) continue
      const found = await this.#read(member.name)
      if (found === null || found.daemonState !== 'dead' || (await sight(session, member.name)).presence !== null) continue
      if (await this.#set(member.name, 'routerstate', 'secondary', found.routerVersion) !== 'done') continue
      // PVC's fencers write `secondary` over any dead node, and are not believed; a `dead` that is younger says that this one is meant.
      if (await this.#set(member.name, 'daemonstate', 'dead', found.stateVersion) === 'done') {
        log.warn({ peer: member.name }, `${member.name} counts as having released, without a fence: unfenced_failover`)
      }
    }
  }

  /** The pause after the last attempt is over, counted from when this observer first saw what it came to. */
  async #isDue (name: string): Promise<boolean> {
    const { session, clock } = this.#options
    const znode = await readZnode(session, nodePath(name, 'fence'))
    const written = znode?.mzxid ?? null
    const now = clock.monotonic()
    if (this.#recordSeen.get(name)?.written !== written) this.#recordSeen.set(name, { written, at: now })
    const attempts = openFence(znode?.data)?.attempts ?? 0
    return now - (this.#recordSeen.get(name)?.at ?? now) >= retryPause(attempts)
  }

  /** @param silent milliseconds for which it has been without a sign of life by now, which its first saving throw takes in */
  async #fence (name: string, agent: FencingAgent, silent: number): Promise<void> {
    const { self, session, book } = this.#options
    let lock: LockHandle
    try {
      lock = await acquireLock(session, FENCE_LOCK, { book, kind: 'exclusive', identifier: self, timeout: LOCK_PATIENCE, signal: this.#stopped.signal })
    } catch (error) {
      if (hasCode(error, 'lock_timeout', 'lock_unsettled', 'aborted')) return
      throw error
    }
    try {
      await this.#fenceUnderLock(name, agent, lock, silent)
    } finally {
      await lock.release().catch((error: unknown) => { if (!isZooKeeperError(error)) throw error })
    }
  }

  async #fenceUnderLock (name: string, agent: FencingAgent, lock: LockHandle, silent: number): Promise<void> {
    const { self, session, clock, log } = this.#options
    const found = await this.#read(name)
    // Another coordinator has tried meanwhile, or it is not dead any more.
    if (found?.daemonState !== 'dead' || (found.fence?.written ?? null) !== this.#recordSeen.get(name)?.written) return
    const judged = this.#recordOf(name, found, await sight(session, name))
    if (!await this.#savingThrows(name, judged, silent)) return
    const target = await readTarget(this.#options.session, name)
    const asked = clock.monotonic()
    await lock.verify()
    if (showsLife(judged, await sight(session, name)) || !await this.#stillAllowed(name, found.stateWritten)) return
    // Who stood still since then does not know what has become of the node: the next pass begins again. Nothing is waited for between this and the agent.
    if (clock.monotonic() - asked > LAST_LOOK) return
    log.warn({ peer: name, method: agent.method, attempt: judged.attempts + 1 }, `fencing ${name}`)
    const result = await agent.fence(target, AbortSignal.any([this.#stopped.signal, lock.lost]))
    // A coordinator that is stopping, or has lost the lock, leaves the rest to the others.
    if (this.#stopped.signal.aborted || lock.lost.aborted) return
    await this.#conclude(name, found, { ...judged, by: self, method: agent.method, attempts: judged.attempts + 1 }, result)
  }

  /** A PVC node keeps the record of an earlier death; one of ours that shows life since it was judged is left alone. */
  #recordOf (name: string, { fence }: Found, seen: Sighting): FenceRecord {
    const record = fence?.record ?? null
    const isOurs = this.#options.members().find((member) => member.name === name)?.ours !== false
    return record !== null && (isOurs || !showsLife(record, seen)) ? record : newFence(null, null, seen, this.#options.clock.wall())
  }

  /** True once it has shown no sign of life through all of them. */
  async #savingThrows (name: string, judged: FenceRecord, silent: number): Promise<boolean> {
    const { savingThrows, savingInterval, session, clock, log } = this.#options
    for (let count = 0; count < savingThrows; count++) {
      await pause(clock, count === 0 ? Math.max(0, savingInterval - silent) : savingInterval, this.#stopped.signal)
      if (this.#stopped.signal.aborted) return false
      if (showsLife(judged, await sight(session, name))) {
        log.info({ peer: name }, `${name} shows life: it is left alone`)
        return false
      }
    }
    return true
  }

  async #stillAllowed (name: string, stateWritten: Zxid): Promise<boolean> {
    const { session, self } = this.#options
    if (await this.#readMaintenance()) return false
    const down = (await readMembers(session)).filter((member) => member.name !== self && member.mode === 'coordinator' && (member.daemonState === 'dead' || isMissing(member)))
    if (down.length > 1) return false
    return (await this.#read(name))?.stateWritten === stateWritten
  }

  async #conclude (name: string, found: Found, attempted: FenceRecord, result: FencingResult): Promise<void> {
    const { self, log, journal, clock, onFault, onFenced } = this.#options
    if (!result.confirmed) {
      log.error({ peer: name, attempts: attempted.attempts, again_in: retryPause(attempted.attempts) / 1000 }, `${name} could not be fenced: ${result.message} No node takes over what it may hold; an operator can confirm that it is down.`)
      journal?.add({ event: 'fence_failed', message: `attempt ${attempted.attempts} to fence ${name} failed: ${result.message}` })
      // The condition first: its fault would be taken for one that has ended.
      await this.#writeRecord(name, { ...attempted, state: 'unconfirmed', message: result.message, since: clock.wall() }, found.fence?.version ?? null)
      onFault({ kind: 'fence_unconfirmed', node: name, detail: result.message })
      return
    }
    const outcome = await this.#set(name, 'daemonstate', 'fenced', found.stateVersion)
    if (outcome === 'done' && mayHoldResources(found.coordinatorState)) await this.#set(name, 'routerstate', 'secondary', found.routerVersion)
    await this.#writeRecord(name, confirmed(attempted, self, result.message, clock.wall()), found.fence?.version ?? null)
    if (outcome === 'done') {
      log.warn({ peer: name }, `${name} is fenced: ${result.message}`)
      journal?.add({ event: 'fenced', message: `${name} is fenced, at attempt ${attempted.attempts}: ${result.message}` })
      onFenced(name)
    } else log.warn({ peer: name }, `${name} was fenced, but its state is not the one that was judged: it is left as it is`)
  }

  async #read (name: string): Promise<Found | null> {
    const { session } = this.#options
    const [state, router, fence] = await Promise.all((['daemonstate', 'routerstate', 'fence'] as const).map(async (key) => await readZnode(session, nodePath(name, key))))
    if (state === undefined) return null
    return {
      daemonState: state.data,
      stateVersion: state.version,
      stateWritten: state.mzxid,
      coordinatorState: router?.data ?? null,
      routerVersion: router?.version ?? -1,
      fence: fence === undefined ? null : { version: fence.version, written: fence.mzxid, record: openFence(fence.data) },
    }
  }

  async #set (name: string, key: 'daemonstate' | 'routerstate', value: string, version: number): Promise<WriteOutcome> {
    return await this.#write(nodePath(name, key), value, version === -1 ? null : version)
  }

  async #writeRecord (name: string, record: FenceRecord, version: number | null): Promise<WriteOutcome> {
    return await this.#write(nodePath(name, 'fence'), JSON.stringify(record), version)
  }

  /** @param version null: there is none yet */
  async #write (path: string, data: string, version: number | null): Promise<WriteOutcome> {
    const { session } = this.#options
    const { signal } = this.#stopped
    return version === null ? await sureCreate(session, path, data, signal) : await sureSet(session, path, data, version, { signal })
  }
}

const mayHoldResources = (coordinatorState: string | null) => coordinatorState !== 'secondary' && coordinatorState !== 'client'

interface Found {
  readonly daemonState: string
  readonly stateVersion: number
  /** Tells a state from one that was deleted and made again, up to the same version. */
  readonly stateWritten: Zxid
  readonly coordinatorState: string | null
  /** -1 where there is none. */
  readonly routerVersion: number
  readonly fence: { readonly version: number, readonly written: Zxid, readonly record: FenceRecord | null } | null
}
