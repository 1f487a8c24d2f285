/**
 * How long each phase of a finished switchover took, from its record. The moments come from several machines' wall clocks, so these are for
 * charts, not for decisions; a phase that is not on record, or that would be negative, is left out.
 */
import type { SwitchoverRecord } from '../model/record.ts'

/** Each phase with what it spans. */
export const phases = {
  start: 'from the request until the first node began',
  relinquish: 'from `relinquish` to `secondary` of the node that release',
  takeover: 'from `takeover` to `primary` of the node that took over',
  total: 'from the request to the end',
} as const
export type Phase = keyof typeof phases

export interface PhaseDuration {
  readonly phase: Phase
  readonly seconds: number
}

export function phaseDurations (record: Pick<SwitchoverRecord, 'started_at' | 'finished_at' | 'timeline'>): readonly PhaseDuration[] {
  const first = record.timeline.map(({ at }) => at).sort()[0]
  const found: Array<readonly [Phase, string | null | undefined, string | null | undefined]> = [
    ['start', record.started_at, first],
    ['relinquish', ...span(record, 'relinquish', 'secondary')],
    ['takeover', ...span(record, 'takeover', 'primary')],
    ['total', record.started_at, record.finished_at],
  ]
  return found.flatMap(([phase, from, to]) => {
    const seconds = between(from, to)
    return seconds === null ? [] : [{ phase, seconds }]
  })
}

/** When a node entered `begun`, and when the same node then reached `reached`. */
function span ({ timeline }: Pick<SwitchoverRecord, 'timeline'>, begun: string, reached: string): readonly [string | undefined, string | undefined] {
  const begin = timeline.find(({ coordinator_state: state }) => state === begun)
  const end = timeline.find(({ node, coordinator_state: state }) => node === begin?.node && state === reached)
  return [begin?.at, end?.at]
}

const MOMENT = /^\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d(?:\.\d+)?)Z$/

/** Seconds from one moment to another less than half a day later, or null. */
function between (from: string | null | undefined, to: string | null | undefined): number | null {
  const [a, b] = [secondOfDay(from), secondOfDay(to)]
  if (a === null || b === null) return null
  const DAY = 86_400
  const seconds = Math.round(((b - a + DAY) % DAY) * 1000) / 1000
  return seconds < DAY / 2 ? seconds : null
}

function secondOfDay (moment: string | null | undefined): number | null {
  const [, , , hours, minutes, seconds] = MOMENT.exec(moment ?? '') ?? []
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}
