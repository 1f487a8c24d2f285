/**
 * ZooKeeper as far as the core's operations see it, in memory: the primary key, the ledger and its records, each node's own znodes, and the
 * primary lock as a queue. Every operation is atomic, versioned where the real one is, and refused where the real one would be.
 *
 * After each change the store itself checks what must be true of any history, whoever wrote it; a breach is reported through `breach`.
 */
import { defaultPreference, publishedPreference, type Preference } from '../../../src/core/model/preference.ts'
import { isComplete } from '../../../src/core/switchover/completion.ts'
import type { ClusterSnapshot } from '../../../src/core/coordinator/coordinator-state.ts'
import { epochOf, parseLedger, type KeyView, type Ledger } from '../../../src/core/model/epoch.ts'
import type { KeyAnswer } from '../../../src/core/coordinator/key-change.ts'
import { memberOf, type Member, type MemberZnode } from '../../../src/core/model/member.ts'
import { isOpen, parseRecord, type SwitchoverRecord } from '../../../src/core/model/record.ts'
import { isRepeated } from '../../../src/core/switchover/rewrites.ts'
import type { StoredRecord, KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'
import type { Znode } from '../../../src/core/model/znode.ts'

/** A ZooKeeper session: what it owns is gone when it ends. */
export interface Session {
  readonly id: string
  over: boolean
}

interface Waiter {
  readonly session: Session
  readonly granted: () => void
  /** Its place in line, or the lock itself, was deleted under it. */
  readonly dropped: (held: boolean) => void
}

const done: KeyAnswer = { kind: 'done' }
const refused: KeyAnswer = { kind: 'refused' }

export interface StoreOptions {
  readonly onChange: () => void
  readonly breach: (invariant: string, detail: string) => void
  /** The present moment, RFC 3339. */
  readonly wall: () => string
}

export class Store {
  readonly #options: StoreOptions
  #zxid = 0x100
  #key: KeyView | null = null
  #ledger: { data: string, version: number } | null = null
  readonly #records = new Map<number, { data: string, version: number }>()
  readonly #nodes = new Map<string, Map<MemberZnode, Znode>>()
  readonly #preferences = new Map<string, Preference>()
  readonly #resources = new Map<string, readonly string[]>()
  #line: Waiter[] = []
  /** Which value of which life of the key had an epoch. */
  readonly #epochs = new Map<number, string>()
  #newestEpoch = -1
  /** Epochs whose record's own writer wrote the key. */
  readonly #applied = new Set<number>()

  constructor (options: StoreOptions) {
    this.#options = options
  }

  get key (): KeyView | null { return this.#key }
  get ledger (): Ledger | null { return parseLedger(this.#ledger?.data) }
  get epoch (): number | null { return this.#key === null ? null : epochOf(this.#key, this.ledger) }
  get members (): readonly Member[] { return [...this.#nodes.keys()].sort().map((name) => this.member(name)) }

  /** The primary lock's holder: whoever is first in line. */
  get holder (): Session | null { return this.#line[0]?.session ?? null }

  get records (): readonly StoredRecord[] {
    return [...this.#records.entries()].sort(([a], [b]) => a - b).flatMap(([epoch, { data, version }]) => {
      const record = parseRecord(data, epoch)
      return record === null ? [] : [{ record, version }]
    })
  }

  /** What a watch-fed view shows; null while there is no key. */
  get view (): ClusterSnapshot | null {
    return this.#key === null ? null : { key: this.#key, ledger: this.ledger, members: this.members, records: this.records.map(({ record }) => record) }
  }

  member (name: string): Member {
    return memberOf(name, (child) => this.#nodes.get(name)?.get(child), true)
  }

  znode (name: string, child: MemberZnode): Znode | undefined {
    return this.#nodes.get(name)?.get(child)
  }

  keySnapshot (): KeySnapshot | null {
    if (this.#key === null) return null
    const recordEpochs = [...this.#records.keys()].sort((a, b) => a - b)
    return { key: this.#key, ledger: this.ledger, ledgerVersion: this.#ledger?.version ?? null, members: this.members, recordEpochs, records: this.records.slice(-4) }
  }

  // The key.

  /** By whoever holds the primary lock; not holding it is what the real operation finds out before it sends anything. */
  writeKey (session: Session, value: string, version: number): KeyAnswer {
    if (this.holder !== session) return { kind: 'failed' }
    if (this.#key?.version !== version) return refused
    const record = this.record((this.epoch ?? NaN) + 1)
    this.#setKey(this.#key, value)
    const { epoch } = this
    if (epoch === null) this.#options.breach('the ledger knows the key before it is written', value)
    else if (record === null) this.#options.breach('the record is made before the key is written', `epoch ${epoch}`)
    else if (isOpen(record)) this.#applied.add(epoch)
    this.#changed()
    return done
  }

  /** As somebody does who knows nothing of locks, versions or records. */
  writeKeyBlindly (value: string): void {
    if (this.#key === null) this.makeKey(value)
    else this.#setKey(this.#key, value)
    this.#changed()
  }

  /** There is one already: then that is left as it is. */
  makeKey (value: string): void {
    if (this.#key !== null) return
    const zxid = this.#next()
    this.#key = { value, version: 0, czxid: zxid, mzxid: zxid }
    this.#changed()
  }

  /** The lock's children stand below the key, so they are deleted with it. */
  deleteKey (): void {
    const line = this.#line
    this.#line = []
    this.#key = null
    for (const [index, { dropped }] of line.entries()) dropped(index === 0)
    this.#changed()
  }

  #setKey (key: KeyView, value: string): void {
    this.#key = { ...key, value, version: key.version + 1, mzxid: this.#next() }
  }

  // The ledger and its records.

  writeLedger (ledger: Ledger, version: number | null): KeyAnswer {
    if ((this.#ledger?.version ?? null) !== version) return refused
    this.#ledger = { data: JSON.stringify(ledger), version: version === null ? 0 : version + 1 }
    this.#changed()
    return done
  }

  /** Spoils the ledger, as an operator's slip does. */
  garbleLedger (): void {
    this.#ledger = { data: 'oops', version: (this.#ledger?.version ?? 0) + 1 }
    this.#changed()
  }

  record (epoch: number): SwitchoverRecord | null {
    return parseRecord(this.#records.get(epoch)?.data, epoch)
  }

  createRecord (record: SwitchoverRecord): KeyAnswer {
    if (this.#records.has(record.epoch)) return refused
    this.#records.set(record.epoch, { data: JSON.stringify(record), version: 0 })
    this.#changed()
    return done
  }

  setRecord (record: SwitchoverRecord, version: number): KeyAnswer {
    const stored = this.#records.get(record.epoch)
    if (stored?.version !== version) return refused
    const before = parseRecord(stored.data, record.epoch)
    if (before !== null && !isOpen(before)) this.#options.breach('a record is closed once', `epoch ${record.epoch}: ${before.outcome}, then ${record.outcome}`)
    this.#records.set(record.epoch, { data: JSON.stringify(record), version: version + 1 })
    this.#checkOutcome(record)
    this.#changed()
    return done
  }

  // A node's own znodes.

  register (name: string, mode: 'coordinator' | 'hypervisor'): void {
    if (!this.#nodes.has(name)) this.#nodes.set(name, new Map())
    this.write(name, 'daemonmode', mode)
  }

  /** Unconditional: versions of a node's own znodes are its own affair. */
  write (name: string, child: MemberZnode, data: string): void {
    this.#write(name, child, data, '')
    this.#changed()
  }

  createPresence (name: string, session: Session): void {
    this.#writePresence(name, session.id)
    this.#changed()
  }

  /** What a node prefers, from now on and in every presence that it has later. */
  prefer (name: string, preference: Partial<Preference>): void {
    this.#preferences.set(name, { ...defaultPreference, ...preference })
    const owner = this.#nodes.get(name)?.get('presence')?.owner
    if (owner === undefined) return
    this.#writePresence(name, owner)
    this.#changed()
  }

  /** What a node holds as primary from the next start of its daemon on, and says so in its presence. */
  configure (name: string, resources: readonly string[]): void {
    this.#resources.set(name, resources)
  }

  /** Undefined for a node that does not say. */
  configured (name: string): readonly string[] | undefined { return this.#resources.get(name) }

  #writePresence (name: string, owner: string): void {
    const candidate = publishedPreference(this.#preferences.get(name) ?? defaultPreference)
    this.#write(name, 'presence', JSON.stringify({ session: owner, api: `${name}:7370`, takeover_time: 20, relinquish_time: 10, candidate, resources: this.#resources.get(name) }), owner)
  }

  #write (name: string, child: MemberZnode, data: string, owner: string): void {
    const zxid = this.#next()
    const before = this.#nodes.get(name)?.get(child)
    this.#nodes.get(name)?.set(child, {
      data, owner, version: before === undefined ? 0 : before.version + 1, czxid: before?.czxid ?? zxid, mzxid: zxid, modified: this.#options.wall(),
    })
  }

  // The primary lock.

  /** Stands in line; `granted` is called at once, or when everybody in front is gone. */
  enqueue (session: Session, granted: () => void, dropped: (held: boolean) => void): void {
    if (this.#key === null) this.makeKey('none')
    this.#line.push({ session, granted, dropped })
    if (this.holder === session) granted()
  }

  dequeue (session: Session): void {
    const held = this.holder === session
    this.#line = this.#line.filter((waiter) => waiter.session !== session)
    if (held) this.#line[0]?.granted()
  }

  end (session: Session): void {
    if (session.over) return
    session.over = true
    for (const znodes of this.#nodes.values()) if (znodes.get('presence')?.owner === session.id) znodes.delete('presence')
    this.dequeue(session)
    this.#changed()
  }

  // What must be true of any history.

  #checkOutcome (record: SwitchoverRecord): void {
    const { epoch, outcome, to } = record
    const { view } = this
    if (outcome === 'not_applied' && this.#applied.has(epoch)) this.#options.breach('not_applied means never written', `epoch ${epoch}`)
    if (outcome === 'succeeded' && to !== null && (view === null || this.epoch === null || !isRepeated(record, this.epoch, view.key.value, view.records.map((other) => other.epoch)) || !isComplete(view, this.epoch, to))) {
      this.#options.breach('succeeded is said only when it is true', `epoch ${epoch}`)
    }
  }

  #changed (): void {
    const { epoch } = this
    if (epoch !== null && this.#key !== null) {
      const identity = `${this.#key.czxid} at version ${this.#key.version}`
      const known = this.#epochs.get(epoch)
      if (known !== undefined && known !== identity) this.#options.breach('an epoch is never given twice', `${epoch}: ${known}, and ${identity}`)
      if (epoch < this.#newestEpoch) this.#options.breach('epochs only grow', `${epoch} after ${this.#newestEpoch}`)
      this.#epochs.set(epoch, identity)
      this.#newestEpoch = Math.max(this.#newestEpoch, epoch)
    }
    this.#options.onChange()
  }

  #next (): string {
    return (this.#zxid++).toString(16)
  }
}
