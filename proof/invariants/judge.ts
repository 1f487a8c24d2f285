/**
 * The invariants, judged at every commit and every change of what a machine holds, on the ensemble's own truth: nothing that a daemon
 * believes counts. Numbers are those of the list in docs/guarantees.md.
 */
import { isComplete, type RoleSnapshot } from '../../src/core/switchover/completion.ts'
import { epochOf, keyOf, parseLedger, type Ledger } from '../../src/core/model/epoch.ts'
import { isRepeated } from '../../src/core/switchover/rewrites.ts'
import { memberOf } from '../../src/core/model/member.ts'
import { isOpen, parseRecord, type SwitchoverRecord } from '../../src/core/model/record.ts'
import { NOBODY } from '../../src/core/model/states.ts'
import { toZnode } from '../../src/cluster/reading.ts'
import { NODES, nodePath, PRIMARY_NODE, SWITCHOVERS, switchoverPath } from '../../src/cluster/layout.ts'
import { JudgedBesidePvc, type BesidePvc } from './judged-beside-pvc.ts'
import { JudgedPreferences } from './judged-preferences.ts'
import { JudgedReadiness } from './judged-readiness.ts'
import { JudgedRequests } from './judged-requests.ts'
import { isSilent } from './judged-stories.ts'
import { JudgedWinners } from './judged-winners.ts'
import type { Machine } from '../simulate/machine.ts'
import type { PvcTraits } from '../simulate/pvc/traits.ts'
import { stepOf } from '../simulate/steps.ts'
import { EPOCH } from '../simulate/timeline.ts'
import type { Transaction, Znodes } from '../simulate/zookeeper/znodes.ts'

export interface Violation {
  readonly at: number
  readonly what: string
}

/** What a client was told of a request that it made. */
export type Told =
  | { readonly kind: 'committed' | 'unknown' | 'in_flight' | 'already', readonly epoch: number }
  | { readonly kind: 'not_started' }

interface Followed {
  record: SwitchoverRecord
  /** The completion rule held at some instant since the record was made. */
  complete: boolean
}

/** Milliseconds after a failure, or after it has registered again, in which a fence that was begun before may still reach a node. */
const EXCUSED = 10_000
/** Milliseconds without a keepalive: two of its intervals and a second. */
const KEEPALIVE_DUE = 11_000
/** Milliseconds after a failure until there is contact again: one attempt to connect that still meets it, and the longest pause before the next. */
const RECONNECTION = 15_000

const moves = /^\/nodes\/[^/]+\/(routerstate|daemonstate|daemonmode|presence|transition)$/

export class Judge {
  readonly violations: Violation[] = []
  /** Switchovers closed, by outcome. */
  readonly outcomes = new Map<string, number>()
  readonly #znodes: () => Znodes
  readonly #now: () => number
  readonly #records = new Map<number, Followed>()
  /** Values of the key, by epoch. */
  readonly #keys = new Map<number, string>()
  /** Epochs at which an outsider wrote the key, without the lock. */
  readonly #outsiders = new Set<number>()
  readonly #isOutsider: (session: string) => boolean
  readonly #isOperator: (session: string) => boolean
  /** The last two writes of each session. */
  readonly #last = new Map<string, readonly [string, string]>()
  readonly #machines: () => Iterable<Machine>
  readonly #leases: boolean
  /** When each session registered a node, and which. */
  readonly #registered = new Map<string, { readonly name: string, readonly at: number }>()
  #requests = new JudgedRequests((what) => this.#say(what))
  readonly #readiness = new JudgedReadiness((what) => this.#say(what), (name) => !this.#isPvc(name))
  readonly #preferences = new JudgedPreferences((what) => this.#say(what))
  readonly #sound: (name: string) => number
  #winners = new JudgedWinners((what) => this.#say(what))
  /** Null where all nodes have our daemon. */
  readonly #beside: JudgedBesidePvc | null
  #newestEpoch = 0
  /** When each node was registered last. */
  readonly #seenRegistered = new Map<string, number>()
  /** How often the ensemble lost data, and the switchovers whose only records were in the lost data. */
  #losses = 0
  /** Of each node, the transaction of its coordinator state as it was when data were lost last. */
  #restored: ReadonlyMap<string, string | undefined> = new Map()
  #forgotten = 0
  /** The life of the key that the ledger knows. */
  #life = ''

  /**
   * @param options `isOutsider`: whether a session is that of an operator or a PVC node, who write past our daemons; none is, unless it is told. `isOperator`:
   * whether it is an operator's. `pvc`: the node that has PVC's daemon. `leases`: whether
   * a node's lease is all that its peers rely on: it never stands still, and ends itself if it cannot release. `sound`: milliseconds since anything was
   * wrong with a node or the ensemble but its readiness; 0 where that is not known
   */
  constructor (options: { sound?: (name: string) => number, znodes: () => Znodes, machines: () => Iterable<Machine>, now: () => number, isOutsider?: (session: string) => boolean, isOperator?: (session: string) => boolean, pvc?: PvcTraits | null, leases?: boolean }) {
    this.#znodes = options.znodes
    this.#machines = options.machines
    this.#now = options.now
    this.#isOutsider = options.isOutsider ?? (() => false)
    this.#isOperator = options.isOperator ?? (() => false)
    this.#beside = options.pvc == null ? null : new JudgedBesidePvc(options.pvc, (what) => this.#say(what))
    this.#leases = options.leases ?? false
    this.#sound = options.sound ?? (() => 0)
  }

  get switchovers (): number { return this.#forgotten + this.#records.size }
  get losses (): number { return this.#losses }
  get besidePvc (): BesidePvc | null { return this.#beside?.counts ?? null }

  /** Something failed in a way that is not foreseen. */
  broke (what: string): void { this.#say(`unforeseen: ${what}`) }

  #say (what: string): void { this.violations.push({ at: this.#now(), what }) }

  /**
   * The ensemble has lost its data, or some of them. What is left is where it begins again: epochs, records and requests from before are judged no more, nor
   * what they become. What machines hold is, and who registers, locks and takes over.
   */
  dataLost (): void {
    const before = this.#records.size
    for (const memory of [this.#records, this.#keys, this.#outsiders]) memory.clear()
    this.#requests = new JudgedRequests((what) => this.#say(what))
    this.#winners = new JudgedWinners((what) => this.#say(what))
    for (const name of this.#znodes().children(SWITCHOVERS) ?? []) {
      const epoch = Number(name)
      const record = parseRecord(this.#znodes().get(switchoverPath(epoch))?.data, epoch)
      if (record !== null) this.#records.set(epoch, { record, complete: true })
    }
    const snapshot = this.snapshot()
    const epoch = snapshot === null ? null : epochOf(snapshot.key, snapshot.ledger)
    this.#life = snapshot?.ledger?.czxid ?? ''
    this.#newestEpoch = epoch ?? 0
    // It was written in the life before: for no node that is judged.
    if (snapshot !== null && epoch !== null) {
      this.#keys.set(epoch, snapshot.key.value)
      this.#outsiders.add(epoch)
    }
    this.#restored = new Map((this.#znodes().children(NODES) ?? []).map((name) => [name, this.#stateWritten(name)]))
    this.#losses++
    this.#forgotten += before - this.#records.size
  }

  /** 15. The ensemble has committed nothing for longer than the session time-out of this node, whose daemon runs. */
  outlived ({ name, holds }: Machine): void { this.#say(`15: ${name} holds ${[...holds].join(' ')}, and its session can have ended`) }

  /** 1. At most one machine holds a resource. 20. None acquires one that it is not ready for. */
  held (machine: Machine, resource: string): void {
    this.#readiness.acquires(machine, resource, this.#now(), this.#sound(machine.name))
    this.#beside?.acquires(machine)
    for (const other of this.#machines()) {
      if (other !== machine && other.holds.has(resource) && this.#beside?.isPvcsFault(machine.name, other.name) !== true) this.#say(`1: ${resource} is held by ${other.name} and by ${machine.name}`)
    }
  }

  #isPvc (name: string): boolean { return this.#beside?.is(name) === true }

  /** PVC has called a node `secondary` after a fence that failed. */
  mistaken (name: string): void {
    for (const machine of this.#machines()) if (machine.name === name) this.#beside?.mistaken(machine)
  }

  /** Called now and then: a cluster in which nothing is written any more may have no primary. */
  role (): void {
    this.#beside?.seen(this.snapshot()?.members ?? [], this.#now())
  }

  /**
   * 9. No node is fenced that is alive and can be reached, whatever became of the ensemble meanwhile.
   * @param sound milliseconds since the last failure that it had itself, Infinity for none
   * @param started when its process was
   */
  fenced (name: string, sound: number, started: number): void {
    if (Math.min(sound, this.#present(name, started)) > EXCUSED) this.#say(`9: ${name} was fenced, and nothing had been wrong with it for ${(sound / 1000).toFixed(0)} s`)
  }

  /**
   * 9. Its keepalives come, whatever else it does.
   * @param sound milliseconds since anything was wrong with it or with the ensemble
   * @param started when its process was
   */
  punctual (name: string, sound: number, started: number): void {
    const keepalive = this.#znodes().get(nodePath(name, 'keepalive'))
    if (this.#isPvc(name) || keepalive === null || this.#znodes().get(nodePath(name, 'daemonstate'))?.data !== 'run') return
    const age = this.#keepaliveAge(name)
    if (Math.min(age, sound - RECONNECTION, this.#present(name, started)) > KEEPALIVE_DUE) this.#say(`9: ${name} has written no keepalive for ${(age / 1000).toFixed(0)} s`)
  }

  #keepaliveAge (name: string): number {
    return this.#now() + EPOCH - (this.#znodes().get(nodePath(name, 'keepalive'))?.stat.mtime ?? 0)
  }

  /**
   * 7. A daemon that runs is registered, whatever its session before has met.
   * @param sound milliseconds for which it has run, and nothing was wrong with it or with the ensemble
   * @param bound milliseconds
   */
  registered (name: string, sound: number, bound: number): void {
    const present = this.#znodes().get(nodePath(name, 'presence')) !== null
    this.#seenRegistered.set(name, present ? this.#now() : this.#seenRegistered.get(name) ?? 0)
    // On a slow network a lease runs out without any fault, and the node registers again.
    const absent = Math.min(sound, this.#now() - (this.#seenRegistered.get(name) ?? 0))
    if (absent <= bound + RECONNECTION || this.#isPvc(name)) return
    this.#say(`7: ${name} has not been registered for ${(absent / 1000).toFixed(0)} s, and nothing was wrong`)
  }

  /**
   * 19. No lease expires while a majority of the servers answers.
   * @param sound milliseconds since anything was wrong with it or with the ensemble, one silent follower aside; null on a slow network, where nothing is promised of leases
   */
  leaseExpired (name: string, sound: number | null): void {
    if (sound === null) this.#beside?.disturbed(this.#now())
    else if (sound > RECONNECTION) this.#say(`19: the lease of ${name} ran out, and for ${(sound / 1000).toFixed(0)} s nothing had been wrong but one silent follower`)
  }

  /** Milliseconds since it registered; 0 while only an earlier life has. */
  #present (name: string, started: number): number {
    if (this.#isPvc(name)) return this.#now() - started
    const presence = this.#znodes().get(nodePath(name, 'presence'))
    const since = presence === null ? -Infinity : presence.stat.ctime - EPOCH
    return since < started ? 0 : this.#now() - since
  }

  committed (transaction: Transaction): void {
    const { change, session } = transaction
    const path = 'path' in change ? change.path : change.op
    this.#orderOfShutdown(session, change.op === 'set' ? `${path}=${path.endsWith('daemonstate') ? change.data : ''}` : path, change.op)
    if (change.op === 'set' && path.endsWith('/routerstate') && change.data === 'takeover') this.#underLock(session, path)
    if (change.op === 'set' && path.endsWith('/routerstate')) {
      const name = path.split('/')[2] ?? ''
      this.#readiness.writes(name, change.data, this.#now(), this.#sound(name))
    }
    if (change.op === 'set' && path === PRIMARY_NODE) this.#readiness.keyWritten(change.data, this.#now())
    if (stepOf(change) === 'unlock') this.#stillInTakeover(session)
    if (change.op === 'create' && path.endsWith('/presence')) this.#registers(path, session)
    for (const made of change.op === 'create_all' ? change.znodes : []) if (made.path.endsWith('/presence')) this.#registers(made.path, session)
    if (change.op === 'close_session') this.#lateToLetGo(session)
    if (change.op === 'create_all' || change.op === 'delete_all' || path === PRIMARY_NODE || path.startsWith(SWITCHOVERS) || moves.test(path) || change.op === 'close_session') this.#look(path, transaction)
  }

  /** 8. After `stop` a session writes nothing more, and the write before it was the final keepalive. */
  #orderOfShutdown (session: string, write: string, op: string): void {
    if (this.#isOutsider(session)) return
    const [, last = ''] = this.#last.get(session) ?? ['', '']
    if (last.endsWith('daemonstate=stop') && op !== 'close_session' && op !== 'sync') this.#say(`8: ${write} was written after stop`)
    // A node that never got to write one makes the znode with it.
    if (write.endsWith('daemonstate=stop') && !/\/keepalive=?$/.test(last)) this.#say(`8: the last write before stop was ${last}, not the final keepalive`)
    if (op === 'close_session') this.#last.delete(session)
    else if (op === 'set' || op === 'create' || op === 'delete') this.#last.set(session, [last, write])
  }

  /** The transaction that wrote the coordinator state of a node. */
  #stateWritten (name: string): string | undefined { return this.#znodes().get(nodePath(name, 'routerstate'))?.stat.mzxid }

  /**
   * 3. Only the holder of the primary lock is ever in `takeover`: none releases it before it has written another state. It may give up a second attempt of its own. A state
   * that came back with older data is not the one that the node wrote last, and the lock that came back with it is none that it holds.
   */
  #stillInTakeover (session: string): void {
    if (this.#lockHolder() === session) return
    for (const { name, coordinatorState, daemonState, presence } of this.snapshot()?.members ?? []) {
      if (presence?.owner === session && coordinatorState === 'takeover' && daemonState !== 'init' && (this.#restored.get(name) ?? null) !== this.#stateWritten(name)) this.#say(`3: ${name} released the primary lock in takeover`)
    }
  }

  /** 3. And none goes into it without. */
  #underLock (session: string, path: string): void {
    // PVC's daemon writes it first.
    if (this.#lockHolder() !== session && !this.#isOutsider(session)) this.#say(`3: ${path} became takeover without the primary lock`)
  }

  /** The session whose child is the first in line. */
  #lockHolder (): string | null {
    const znodes = this.#znodes()
    const [first] = (znodes.children(PRIMARY_NODE) ?? []).filter((name) => name.includes('__lock__')).sort((a, b) => a.slice(-10) < b.slice(-10) ? -1 : 1)
    return first === undefined ? null : znodes.get(`${PRIMARY_NODE}/${first}`)?.stat.ephemeralOwner ?? null
  }

  #registers (path: string, session: string): void {
    if (this.#znodes().get(path)?.stat.ephemeralOwner === session) this.#registered.set(session, { name: path.split('/')[2] ?? '', at: this.#now() })
  }

  /** 15. A daemon that runs has released everything before its session ends. */
  #lateToLetGo (session: string): void {
    const registered = this.#registered.get(session)
    if (!this.#registered.delete(session) || registered === undefined || !this.#leases) return
    // A session that was back with a backup, and whose node has registered on another since.
    if ([...this.#registered.values()].some(({ name, at }) => name === registered.name && at > registered.at)) return
    for (const { name, holds, daemon } of this.#machines()) {
      if (name === registered.name && holds.size > 0 && daemon?.running === true && daemon.started < registered.at) this.#say(`15: the session of ${name} ended, and it holds ${[...holds].join(' ')}`)
    }
  }

  #look (path: string, { session, time }: Transaction): void {
    if (path.startsWith(`${SWITCHOVERS}/`)) this.#recordMoved(Number(path.slice(-10)))
    const snapshot = this.snapshot()
    if (snapshot === null) return
    const epoch = epochOf(snapshot.key, snapshot.ledger)
    this.#winners.seen(snapshot.members, time)
    this.#beside?.seen(snapshot.members, this.#now())
    this.#preferences.seen(snapshot.members, this.#now())
    if (path === SWITCHOVERS && snapshot.ledger !== null) this.#ledgerMoved(snapshot.ledger)
    if (path === PRIMARY_NODE) {
      this.#preferences.named(snapshot, epoch === null ? undefined : this.#records.get(epoch)?.record, this.#now())
      this.#winners.named(snapshot.key.value, epoch === null ? undefined : this.#records.get(epoch)?.record, time)
      if (epoch !== null) this.#keyMoved(epoch, snapshot.key.value, session)
      if (this.#isOperator(session) || (epoch !== null && this.#records.get(epoch)?.record.cause === 'request')) this.#beside?.disturbed(this.#now())
    }
    for (const followed of this.#records.values()) {
      const { record } = followed
      if (isOpen(record) && record.to !== null && !followed.complete) followed.complete = epoch !== null && isRepeated(record, epoch, snapshot.key.value, [...this.#records.keys()]) && isComplete(snapshot, epoch, record.to)
    }
  }

  /** 2. Epochs only grow, and none is given twice. */
  #keyMoved (epoch: number, value: string, session: string): void {
    const before = this.#keys.get(epoch)
    if (before === undefined && this.#isOutsider(session)) this.#outsiders.add(epoch)
    if (before !== undefined && before !== value) this.#say(`2: epoch ${epoch} named ${before} and then ${value}`)
    if (before === undefined && epoch < this.#newestEpoch) this.#say(`2: epoch ${epoch} came after ${this.#newestEpoch}`)
    this.#keys.set(epoch, value)
    this.#newestEpoch = Math.max(epoch, this.#newestEpoch)
  }

  /**
   * A new life of the key begins past every epoch that has a record. What outsiders wrote in the life before, and deleted with it before any
   * coordinator had made a record of it, is known to no daemon: those epochs may be given again.
   */
  #ledgerMoved ({ czxid, base }: Ledger): void {
    if (czxid === this.#life) return
    this.#life = czxid
    for (const epoch of this.#keys.keys()) if (epoch >= base && !this.#records.has(epoch)) this.#keys.delete(epoch)
    this.#newestEpoch = Math.max(0, ...this.#keys.keys())
  }

  /** 4 and 5. A record keeps what it was made with, is closed once, and says `succeeded` only if it was so. */
  #recordMoved (epoch: number): void {
    const record = parseRecord(this.#znodes().get(switchoverPath(epoch))?.data, epoch)
    if (record === null) return
    const followed = this.#records.get(epoch)
    if (followed === undefined) {
      if (this.#beside === null && isSilent(record, [...this.#records.values()].map((each) => each.record), this.snapshot()?.members ?? [])) this.#say(`23: the record of switchover ${epoch} does not say from whom the role came`)
      this.#records.set(epoch, { record, complete: false })
      return
    }
    const { record: before, complete } = followed
    if (before.to !== record.to || before.cause !== record.cause || before.from !== record.from) this.#say(`2: epoch ${epoch} was given to two switchovers`)
    if (!isOpen(before) && before.outcome !== record.outcome) this.#say(`4: switchover ${epoch} was ${String(before.outcome)} and then ${String(record.outcome)}`)
    if (isOpen(before) && !isOpen(record)) {
      const outcome = String(record.outcome)
      this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
      if (outcome === 'succeeded' && record.to !== null && !complete) this.#say(`5: switchover ${epoch} to ${record.to} succeeded, but was never complete`)
      if (outcome === 'not_applied' && this.#keys.has(epoch) && !this.#outsiders.has(epoch)) this.#say(`4: switchover ${epoch} is not_applied, but the key had its epoch`)
      this.#beside?.closed(record)
      if (record.cause === 'request' && this.#keys.get(epoch) === (record.to ?? NOBODY) && !this.#outsiders.has(epoch)) this.#requests.carriedOut(record)
    }
    followed.record = record
  }

  /**
   * 10. What a client was told is so.
   * @param wish what it asked for; `alone`: no other answer was given to a request of that reason
   */
  told (told: Told, wish: { readonly to: string, readonly reason: string, readonly alone: boolean }): void {
    if (wish.alone) this.#requests.madeOnce(wish.reason)
    if (told.kind === 'not_started' && wish.alone) this.#requests.toldNotStarted(wish.reason)
    if (told.kind !== 'committed') return
    const record = this.#records.get(told.epoch)?.record
    if (record === undefined) this.#say(`10: a client was told of epoch ${told.epoch}, which nobody has recorded`)
    else if (record.to !== wish.to) this.#say(`10: a client asked for ${wish.to} and was told of the switchover to ${String(record.to)}`)
    if (this.#keys.get(told.epoch) !== wish.to) this.#say(`10: epoch ${told.epoch} was committed for ${wish.to}, but the key said ${String(this.#keys.get(told.epoch))}`)
  }

  /** 7. What keeps the cluster from being at rest with one primary; null if nothing does. */
  unsettled (resourcesOf: (node: string) => readonly string[]): string | null {
    const snapshot = this.snapshot()
    if (snapshot === null) return 'there is no primary key'
    const [{ value }, epoch] = [snapshot.key, epochOf(snapshot.key, snapshot.ledger)]
    if (epoch === null) return 'the ledger does not know the key'
    if (!isComplete(snapshot, epoch, value)) return `the key names ${value}: ${snapshot.members.map((member) => `${member.name} ${String(member.daemonState)} ${String(member.coordinatorState)}`).join(', ')}`
    for (const machine of this.#machines()) {
      const wanted = machine.name === value
      if (resourcesOf(machine.name).some((resource) => machine.holds.has(resource) !== wanted)) return `${machine.name} holds ${[...machine.holds].join(' ') || 'nothing'}, and ${value} is primary`
    }
    const open = [...this.#records.values()].filter(({ record }) => isOpen(record))
    return open.length === 0 ? null : `open: ${open.map(({ record }) => record.epoch).join(' ')}`
  }

  /** 22. A node that could become primary if it were asked for, where the cluster says that none does by itself; null otherwise. */
  onlyUnwilling (): string | null { return this.#preferences.onlyUnwilling(this.snapshot()) }

  snapshot (): RoleSnapshot | null {
    const znodes = this.#znodes()
    const read = (path: string) => {
      const found = znodes.get(path)
      return found === null ? undefined : toZnode(found.data, found.stat)
    }
    const key = read(PRIMARY_NODE)
    if (key === undefined) return null
    const members = (znodes.children(NODES) ?? []).sort().map((name) => memberOf(name, (child) => read(nodePath(name, child)), !this.#isPvc(name) || this.#keepaliveAge(name) < KEEPALIVE_DUE))
    return { key: keyOf(key), ledger: parseLedger(read(SWITCHOVERS)?.data), members }
  }
}
