/**
 * The ensemble: a leader that orders every write, servers that follow it each at its own pace, and the sessions. A write is committed
 * when a quorum is in touch; one that was in progress when the leader went away is committed by the next one or never, and nobody is told.
 */
import type { Timer } from '../../../src/runtime/clock.ts'
import type { Random } from '../random.ts'
import { EPOCH, type Timeline } from '../timeline.ts'
import { AccessLists } from './access-lists.ts'
import { Server } from './server.ts'
import type { Change, Effect, Transaction } from './znodes.ts'

interface SessionEntry {
  readonly timeout: number
  lastHeard: number
  /** The server whose client it is; the leader takes nothing for it from any other. */
  owner: Server
  timer: Timer | null
  closing: boolean
}

interface Proposal {
  readonly session: string
  readonly change: Change
  readonly tag: number
}

export interface EnsembleOptions {
  readonly timeline: Timeline
  readonly random: Random
  readonly servers: number
  /** Milliseconds, typically: between two machines, and for the disk. */
  readonly latency: number
  readonly disk: number
  /** Milliseconds: the longest session time-out that the servers grant. */
  readonly maxSessionTimeout?: number
  /** Called at each commit, with the leader's znodes as they are then. */
  readonly onCommit?: (transaction: Transaction) => void
}

const TICK = 500
/** Transaction numbers of one leader's term. */
const TERM = 2 ** 32
/** Milliseconds until a follower notices at the latest that its leader is out of reach: syncLimit × tickTime, as they usually are. */
const SYNC_LIMIT = 10_000

export class Ensemble {
  readonly servers: readonly Server[]
  readonly sessions = new Map<string, SessionEntry>()
  readonly access = new AccessLists()
  readonly #options: EnsembleOptions
  /** Every committed transaction. */
  readonly #log: Transaction[] = []
  readonly #appliedBy: number[]
  readonly #applyAt: number[]
  readonly #proposedAt: number[]
  #committedAt = 0
  #leader: Server | null
  #term = 1
  #counter = 0
  /** Proposals that have reached the leader and are not committed. */
  #pending: Proposal[] = []
  #nextSession = 1
  #nextTag = 1
  readonly #cut = new Set<Server>()
  /** As granted to every session that there has been. */
  readonly #timeouts = new Map<string, number>()
  /** How many terms fewer the transaction numbers show than there have been: servers that lost data count from what they have. */
  #termsLost = 0
  /** The newest transaction that was left when data were lost last; null once there has been a leader since. */
  #restored: number | null = null
  /** Milliseconds of the timeline until which no server starts: their data are being replaced. */
  #awayUntil = 0

  constructor (options: EnsembleOptions) {
    this.#options = options
    this.servers = Array.from({ length: options.servers }, (_, id) => new Server(id, (server, session, change, applied) => this.#propose(server, session, change, applied), this.access))
    this.#appliedBy = this.servers.map(() => 0)
    this.#applyAt = this.servers.map(() => 0)
    this.#proposedAt = this.servers.map(() => 0)
    this.#leader = this.servers[0] ?? null
  }

  get leader (): Server | null { return this.#leader }

  /** The znodes as committed; the leader's, or while there is none those of the server that has seen most. */
  get committed () { return (this.#leader ?? this.servers.reduce((a, b) => a.znodes.zxid >= b.znodes.zxid ? a : b)).znodes }

  /** A server is stopped, or started again with what it had on its disk. */
  setUp (server: Server, up: boolean): void {
    if (up && this.#options.timeline.now < this.#awayUntil) return
    server.up = up
    if (!up) {
      // Started again, it takes nobody until it has found its leader.
      server.shut = true
      server.dropAll()
    }
    this.#regroup()
  }

  /** A server is cut off from the others, or in touch again; clients reach it all the same. */
  setCut (server: Server, cut: boolean): void {
    if (cut) this.#cut.add(server)
    else this.#cut.delete(server)
    this.#regroup()
  }

  /**
   * All servers are stopped for `lasts` milliseconds, or as long as they are already to be, and start with `kept` transactions: with none after a wipe, with the oldest from a backup. Sessions that
   * were open in the backup are open again. With another leader the ensemble numbers on from the backup's term, and so may come past what clients have seen.
   */
  loseData (kept: number, lasts: number): void {
    const { timeline } = this.#options
    this.#awayUntil = Math.max(this.#awayUntil, timeline.now + lasts)
    for (const server of this.servers) this.setUp(server, false)
    this.#pending = []
    this.#log.length = Math.min(this.#log.length, kept)
    this.#restored = this.#log.at(-1)?.zxid ?? 0
    for (const server of this.servers) {
      server.forget()
      this.#appliedBy[server.id] = 0
      this.#catchUp(server)
    }
    for (const { timer } of this.sessions.values()) timer?.[Symbol.dispose]()
    this.sessions.clear()
    const [owner] = this.servers
    for (const [session, timeout] of this.#timeouts) {
      if (owner === undefined || !this.committed.isOpen(session)) continue
      this.sessions.set(session, { timeout, lastHeard: timeline.now, owner, timer: null, closing: false })
      this.#watch(session)
    }
    timeline.after(this.#awayUntil - timeline.now, () => { for (const server of this.servers) this.setUp(server, true) })
  }

  /** Transactions committed, those of lost data aside. */
  get transactions (): number { return this.#log.length }

  /** The leader steps down although nothing is wrong with it. */
  reelect (): void {
    if (this.#leader !== null) this.#lose()
    this.#regroup()
  }

  /** A new session, known to all once this is done; never, if there is no leader. */
  open (server: Server, wanted: number, done: (session: string) => void): void {
    const session = (0x10000 + this.#nextSession++).toString(16)
    const timeout = Math.min(wanted, this.#options.maxSessionTimeout ?? Infinity)
    this.sessions.set(session, { timeout, lastHeard: this.#options.timeline.now, owner: server, timer: null, closing: false })
    this.#timeouts.set(session, timeout)
    this.#watch(session)
    this.#propose(server, session, { op: 'open_session' }, () => done(session))
  }

  /** Whether the session is known to be open; null: there is no leader to ask. */
  isOpen (server: Server, session: string): boolean | null {
    if (this.#leader === null || !server.inTouch) return null
    return this.sessions.get(session)?.closing === false
  }

  /** A session continues at `server`: every connection that it had before is dropped, and what is still on its way from there is refused. */
  move (session: string, server: Server): void {
    for (const each of this.servers) each.drop(session)
    const entry = this.sessions.get(session)
    if (entry !== undefined) entry.owner = server
  }

  /** `server` has heard of the session. */
  touch (server: Server, session: string): void {
    const entry = this.sessions.get(session)
    if (entry !== undefined && server.inTouch && this.#leader !== null) entry.lastHeard = this.#options.timeline.now
  }

  #watch (session: string): void {
    const entry = this.sessions.get(session)
    if (entry === undefined) return
    const { timeline } = this.#options
    const due = Math.ceil((entry.lastHeard + entry.timeout) / TICK) * TICK + 1
    entry.timer = timeline.after(due - timeline.now, () => {
      if (timeline.now < entry.lastHeard + entry.timeout || this.#leader === null) {
        if (this.#leader === null) entry.lastHeard = timeline.now
        return this.#watch(session)
      }
      entry.closing = true
      this.#commitLater({ session, change: { op: 'close_session' }, tag: 0 })
    })
  }

  /** To the leader, in the order in which this server sends. */
  #propose (server: Server, session: string, change: Change, applied: (effect: Effect) => void): void {
    const { timeline, random, latency } = this.#options
    if (!server.inTouch) return
    const tag = this.#nextTag++
    server.expect(tag, applied)
    const term = this.#term
    const at = Math.max(this.#proposedAt[server.id] ?? 0, timeline.now + (server === this.#leader ? 0 : random.latency(latency)))
    this.#proposedAt[server.id] = at
    timeline.after(at - timeline.now, () => {
      if (this.#term !== term || this.#leader === null || !server.inTouch) return
      const entry = this.sessions.get(session)
      if (entry !== undefined && entry.owner !== server) return
      if (change.op === 'close_session' && entry !== undefined) entry.closing = true
      this.#commitLater({ session, change, tag })
    })
  }

  #commitLater (proposal: Proposal): void {
    const { timeline, random, latency, disk } = this.#options
    const term = this.#term
    this.#pending.push(proposal)
    const round = this.servers.length > 1 ? 2 * latency : 0
    this.#committedAt = Math.max(this.#committedAt, timeline.now + random.latency(disk + round))
    timeline.after(this.#committedAt - timeline.now, () => {
      if (this.#term !== term) return
      const next = this.#pending.shift()
      if (next !== undefined) this.#commit(next)
    })
  }

  #commit ({ session, change, tag }: Proposal): void {
    const { timeline, onCommit } = this.#options
    const denied = !this.access.permitsChange(change, this.committed)
    const transaction: Transaction = { zxid: (this.#term - this.#termsLost) * TERM + ++this.#counter, time: EPOCH + Math.floor(timeline.now), session, change, tag, ...denied ? { denied } : {} }
    this.#log.push(transaction)
    if (change.op === 'close_session') {
      this.sessions.get(session)?.timer?.[Symbol.dispose]()
      this.sessions.delete(session)
    }
    if (this.#leader !== null) this.#catchUp(this.#leader)
    for (const server of this.servers) if (server.inTouch && server !== this.#leader) this.#applySoon(server)
    if (!denied) onCommit?.(transaction)
  }

  #applySoon (server: Server): void {
    const { timeline, random, latency } = this.#options
    const until = this.#log.length
    const at = Math.max(this.#applyAt[server.id] ?? 0, timeline.now + random.latency(latency))
    this.#applyAt[server.id] = at
    const term = this.#term
    const apply = () => {
      if (server.lagsUntil > timeline.now) return void timeline.after(server.lagsUntil - timeline.now, apply)
      if (server.inTouch && this.#term === term) this.#catchUp(server, until)
    }
    timeline.after(at - timeline.now, apply)
  }

  #catchUp (server: Server, until = this.#log.length): void {
    let applied = this.#appliedBy[server.id] ?? 0
    for (; applied < until; applied++) {
      const transaction = this.#log[applied]
      this.#appliedBy[server.id] = applied + 1
      if (transaction !== undefined) server.apply(transaction)
    }
  }

  /** Who is in touch with whom has changed. */
  #regroup (): void {
    const { timeline, random } = this.#options
    const able = this.servers.filter((server) => server.up && !this.#cut.has(server))
    const quorum = able.length > this.servers.length / 2
    if (this.#leader !== null && !(quorum && able.includes(this.#leader))) this.#lose()
    for (const server of this.servers) {
      const inTouch = this.#leader !== null && able.includes(server)
      if (server.inTouch && !inTouch) this.#outOfTouch(server)
      if (!server.inTouch && inTouch) this.#backInTouch(server)
    }
    if (this.#leader === null && quorum) {
      const term = this.#term
      timeline.after(random.between(200, 1_500), () => { if (this.#term === term && this.#leader === null) this.#elect() })
    }
  }

  #lose (): void {
    const { random } = this.#options
    // What some server has on its disk may be committed by the next leader.
    this.#pending = this.#pending.slice(0, Math.floor(random.next() * (this.#pending.length + 1)))
    this.#leader = null
    this.#term++
  }

  #elect (): void {
    const able = this.servers.filter((server) => server.up && !this.#cut.has(server))
    if (able.length <= this.servers.length / 2) return
    const leader = this.#options.random.pick(able)
    if (leader === undefined) return
    this.#term++
    this.#counter = 0
    this.#numberOn()
    this.#leader = leader
    const carried = this.#pending.splice(0)
    for (const server of able) this.#backInTouch(server)
    for (const entry of this.sessions.values()) entry.lastHeard = this.#options.timeline.now
    for (const proposal of carried) this.#commit(proposal)
    // A session that was being closed when the leader went away is closed by the next one, if it does not come back.
    for (const [session, entry] of this.sessions) {
      if (!entry.closing || carried.some((each) => each.session === session && each.change.op === 'close_session')) continue
      entry.closing = false
      this.#watch(session)
    }
  }

  /** An ensemble begins another term after that of its data; a server alone numbers on. */
  #numberOn (): void {
    if (this.#restored === null) return
    const term = Math.floor(this.#restored / TERM)
    const alone = this.servers.length === 1
    this.#termsLost = this.#term - (alone ? Math.max(term, 1) : term + 1)
    if (alone) this.#counter = this.#restored % TERM
    this.#restored = null
  }

  /** It does not notice at once, and answers reads from what it has until then. */
  #outOfTouch (server: Server): void {
    const { timeline, random } = this.#options
    server.inTouch = false
    if (!server.up) return
    // By silence, unless it is told.
    timeline.after(random.chance(0.5) ? random.between(0.8, 1) * SYNC_LIMIT : random.between(100, SYNC_LIMIT), () => {
      if (server.inTouch || !server.up) return
      server.shut = true
      server.dropAll()
    })
  }

  #backInTouch (server: Server): void {
    if (!server.up) return
    if (!server.inTouch) server.dropAll()
    server.inTouch = true
    server.shut = false
    this.#catchUp(server)
  }
}
