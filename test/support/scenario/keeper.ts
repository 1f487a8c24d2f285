/** What every coordinator and every API does beside its own part in a scenario: closes records, and records what somebody wrote blindly. */
import { verdictOn } from '../../../src/core/switchover/completion.ts'
import type { KeyAnswer } from '../../../src/core/coordinator/key-change.ts'
import { particularsOf } from '../../../src/core/switchover/progress.ts'
import { closeRecord, isOpen } from '../../../src/core/model/record.ts'
import { unrecordedEpoch } from '../../../src/core/switchover/rewrites.ts'
import { lossBeforeWrite } from '../../../src/core/story/failed-holder.ts'
import { externalRecord } from '../../../src/core/switchover/unrecorded.ts'
import { TIMES } from './node.ts'
import type { Store } from './store.ts'
import type { Timeline } from './timeline.ts'

export class Keeper {
  readonly #store: Store
  readonly #timeline: Timeline
  readonly #active: boolean
  readonly #bounds = new Map<number, number>()
  #unrecorded: number | null = null

  /** @param active whether it closes and records by itself */
  constructor (store: Store, timeline: Timeline, active: boolean) {
    this.#store = store
    this.#timeline = timeline
    this.#active = active
  }

  /** Looks at every open record, and for an epoch that nobody has recorded. */
  keep (): void {
    const { view } = this.#store
    if (!this.#active || view === null) return
    for (const record of view.records.filter(isOpen)) {
      let bound = this.#bounds.get(record.epoch)
      if (bound === undefined) {
        bound = this.#timeline.now + record.timeout * 1000 + TIMES.grace
        this.#bounds.set(record.epoch, bound)
        this.#timeline.after(bound - this.#timeline.now, () => this.keep())
      }
      const closing = verdictOn(record, view, view.records, this.#timeline.now >= bound)
      if (closing !== null) this.close(record.epoch, closing)
    }
    this.#recordExternal()
  }

  #recordExternal (): void {
    const { view } = this.#store
    const unrecorded = view === null ? null : unrecordedEpoch(view)
    if (this.#unrecorded === unrecorded) return
    this.#unrecorded = unrecorded
    if (unrecorded === null) return
    this.#timeline.after(TIMES.unrecorded, () => {
      const { key: now, epoch: present } = this.#store
      if (now === null || present !== unrecorded || this.#unrecorded !== unrecorded) return
      const record = externalRecord(unrecorded, this.#timeline.wall(), now.value, this.#store.members, lossBeforeWrite(unrecorded, { records: this.#store.records.map(({ record: each }) => each), members: this.#store.members }))
      this.#timeline.say('keeper', `record ${unrecorded}: ${record.from ?? 'nobody'} → ${record.to ?? 'anybody'} (external)`)
      this.#store.createRecord(record)
    })
  }

  /** Closes an open record, for `who`. */
  close (epoch: number, closing: Parameters<typeof closeRecord>[2], who = 'keeper'): KeyAnswer {
    const stored = this.#store.records.find(({ record }) => record.epoch === epoch)
    if (stored === undefined || !isOpen(stored.record)) return { kind: 'refused' }
    const particulars = particularsOf(stored.record, this.#store.members)
    const progress = closing.outcome === 'succeeded' ? 1 : particulars.progress
    const answer = this.#store.setRecord(closeRecord(stored.record, this.#timeline.wall(), closing, { ...particulars, progress }), stored.version)
    if (answer.kind === 'done') this.sayClosed(who, epoch)
    return answer
  }

  sayClosed (who: string, epoch: number): void {
    const record = this.#store.record(epoch)
    const details = [
      record?.continued_by == null ? '' : `, continued by ${record.continued_by}`,
      record?.error == null ? '' : `: ${record.error.code}${record.error.resource === null ? '' : ` of ${record.error.resource}`}`,
    ]
    this.#timeline.say(who, `record ${epoch} closed: ${record?.outcome}${details.join('')}`)
  }
}
