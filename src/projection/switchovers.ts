/**
 * The switchovers that are known, as clients read them, and the primary. Each object is frozen and keeps its identity until it reads
 * differently. Keeps what was seen of each open switchover: its progress never falls here, and the states of PVC nodes stay in its timeline.
 *
 * That an epoch has no record is believed only of a snapshot with everything in it up to the write of the key: the record was made before, but
 * may be read later.
 */
import { isDeepStrictEqual } from 'node:util'
import { settledPrimary } from '../core/switchover/completion.ts'
import type { ClusterSnapshot } from '../core/coordinator/coordinator-state.ts'
import type { SwitchoverRecord } from '../core/model/record.ts'
import { NOBODY } from '../core/model/states.ts'
import { epochNow, isEchoed } from '../core/switchover/key-snapshot.ts'
import { mergedTimeline, peerStates } from '../core/switchover/progress.ts'
import { repeatedRecord, unrecordedSwitchover, type Writes } from '../core/switchover/unrecorded.ts'
import { NOTHING_SEEN, switchoverView, type Seen, type Switchover } from '../core/switchover/view.ts'
import type { ApiSnapshot } from './api-snapshot.ts'
import type { Topic } from './topic.ts'

/** Whom the primary key names. */
export interface Primary {
  readonly name: string | null
  readonly epoch: number | null
  readonly since: string | null
  readonly settled: boolean
  /** There only while this API has no contact with ZooKeeper: then nothing is settled, as far as it can know. */
  readonly stale?: true
}

/** Epochs without a record of which a reply is kept, at most. */
const REPETITIONS = 64

const NO_KEY: Primary = Object.freeze({ name: null, epoch: null, since: null, settled: false })

export class SwitchoverProjection {
  readonly #known = new Map<number, { record: SwitchoverRecord, switchover: Switchover, seen: Seen }>()
  #unrecorded: Switchover | null = null
  #writes: Writes | null = null
  /** By epoch, for as long as the writes are the same: each keeps its identity, and with it its text. */
  readonly #repetitions = new Map<number, Switchover>()
  /** Whether the record of the present epoch may only not have been read yet. */
  #recordMayCome = false
  #primary: Primary = NO_KEY
  #cluster: ClusterSnapshot | null = null
  /** The resources of the node that the primary key names. */
  #named: object | null = null

  /** The primary, as the present snapshot has it. */
  get primary (): Primary { return this.#primary }

  /** The switchover of an epoch that has been seen. A write that only repeated the name of the key reads as the switchover that it repeated. */
  get (epoch: number): Switchover | null {
    return this.#known.get(epoch)?.switchover ?? (this.#unrecorded?.epoch === epoch ? this.#unrecorded : this.#repetition(epoch))
  }

  /** What changes when the switchover of an epoch does. */
  topicOf (epoch: number): Topic {
    return `switchover/${this.#repeated(epoch)?.epoch ?? epoch}`
  }

  #repeated (epoch: number): Switchover | null {
    if (this.#known.has(epoch) || this.#writes === null) return null
    const record = repeatedRecord(epoch, this.#writes)
    return record === null ? null : this.#known.get(record.epoch)?.switchover ?? null
  }

  #repetition (epoch: number): Switchover | null {
    const before = this.#repetitions.get(epoch)
    if (before !== undefined) return before
    const repeated = this.#repeated(epoch)
    if (repeated === null) return null
    const switchover = Object.freeze({ ...repeated, epoch })
    if (this.#repetitions.size >= REPETITIONS) this.#repetitions.clear()
    this.#repetitions.set(epoch, switchover)
    return switchover
  }

  /** The switchovers that have been seen, newest first; of these at most `limit`. */
  newest (limit = Infinity): readonly Switchover[] {
    const all = [...this.#known.values()].map(({ switchover }) => switchover)
    if (this.#unrecorded !== null) all.push(this.#unrecorded)
    return all.sort((a, b) => b.epoch - a.epoch).slice(0, limit)
  }

  /** The oldest epoch with a record, or null. */
  get oldest (): number | null {
    return this.#known.keys().next().value ?? null
  }

  /** Takes in a new snapshot. @returns what reads differently now */
  update (snapshot: ApiSnapshot): Topic[] {
    const named = snapshot.node(snapshot.primaryNode)?.details.resources ?? null
    if (snapshot.cluster === this.#cluster && named === this.#named && !this.#recordMayCome) return []
    this.#cluster = snapshot.cluster
    this.#named = named
    const changed = this.#updateSwitchovers(snapshot)
    const primary = primaryFrom(snapshot)
    if (!isDeepStrictEqual(primary, this.#primary)) {
      this.#primary = Object.freeze(primary)
      changed.push('primary')
    }
    return changed
  }

  #updateSwitchovers (snapshot: ApiSnapshot): Topic[] {
    const records = snapshot.cluster?.records ?? []
    const members = snapshot.cluster?.members ?? []
    const changed: Topic[] = []
    const present = new Set(records.map(({ epoch }) => epoch))
    for (const epoch of this.#known.keys()) if (!present.has(epoch)) this.#known.delete(epoch)
    for (const record of records) {
      const old = this.#known.get(record.epoch)
      if (old?.record === record && old.switchover.done) continue
      const before = old?.seen ?? NOTHING_SEEN
      const states = mergedTimeline(before.states, peerStates(record, members))
      const switchover = switchoverView(record, { members, records }, { ...before, states })
      const same = old !== undefined && isDeepStrictEqual(switchover, old.switchover)
      this.#known.set(record.epoch, { record, switchover: same ? old.switchover : Object.freeze(switchover), seen: { progress: switchover.progress, states } })
      if (!same) changed.push(`switchover/${record.epoch}`)
    }
    return [...changed, ...this.#updateUnrecorded(snapshot)]
  }

  #updateUnrecorded (snapshot: ApiSnapshot): Topic[] {
    const { keySnapshot } = snapshot
    const epoch = keySnapshot === null ? null : epochNow(keySnapshot)
    this.#repetitions.clear()
    this.#writes = keySnapshot === null || epoch === null ? null : { epoch, value: keySnapshot.key.value, members: keySnapshot.members, records: snapshot.cluster?.records ?? [] }
    const isUnrecorded = epoch !== null && !this.#known.has(epoch) && this.#repeated(epoch) === null
    this.#recordMayCome = isUnrecorded && keySnapshot !== null && keySnapshot.key.mzxid > snapshot.zxid
    const made = isUnrecorded && !this.#recordMayCome ? this.#withoutRecord(epoch, snapshot) : null
    if (isDeepStrictEqual(made, this.#unrecorded)) return []
    this.#unrecorded = made === null ? null : Object.freeze(made)
    return made === null ? [] : [`switchover/${made.epoch}`]
  }

  /** The primary of the moment in which the epoch was first seen: the record that is made of it later says the same. */
  #withoutRecord (epoch: number, { keySnapshot, primarySince }: ApiSnapshot): Switchover | null {
    if (keySnapshot === null || primarySince === null) return null
    return unrecordedSwitchover(keySnapshot, primarySince, this.#unrecorded?.epoch === epoch ? this.#unrecorded.from : undefined)
  }
}

function primaryFrom (snapshot: ApiSnapshot): Primary {
  const { keySnapshot, primarySince } = snapshot
  if (keySnapshot === null) return NO_KEY
  const epoch = epochNow(keySnapshot)
  const settled = settledPrimary({ ...keySnapshot, ledger: { czxid: keySnapshot.key.czxid, base: epoch - keySnapshot.key.version } })
  return { name: keySnapshot.key.value === NOBODY ? null : keySnapshot.key.value, epoch, since: primarySince, settled: settled !== null && !isEchoed(keySnapshot) && holdsEverything(snapshot, settled.name) }
}

/** Its resources are there, as far as it has published any. */
const holdsEverything = (snapshot: ApiSnapshot, name: string) =>
  (snapshot.node(name)?.details.resources ?? []).every(({ state }) => state !== 'lost' && state !== 'failed')
