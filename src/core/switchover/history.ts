/**
 * The history as people read it: what the cluster retried again and again by itself, without success, is one entry with a count. Every epoch is in
 * exactly one entry, and entries keep the order of the epochs.
 */
import type { Cause } from '../model/states.ts'
import type { Switchover } from './view.ts'

/** One switchover, or a run of them: then the newest, with the last error of all of them, and how far the run goes back. */
export interface HistoryEntry extends Switchover {
  /** How many switchovers it stands for, at least 1: the epochs `first_epoch` to `epoch`. */
  readonly count: number
  readonly first_epoch: number
  /** RFC 3339. */
  readonly first_started_at: string
}

/** What is asked of the history. */
export interface HistoryPage {
  /** Entries at most. */
  readonly limit: number
  /** Only switchovers with a smaller epoch: of the page before, the last `first_epoch`. */
  readonly before?: number | undefined
  /** Whether every switchover is an entry by itself. */
  readonly each: boolean
}

/**
 * A page of the history. Pages that follow one another have no epoch twice and leave none out, even if switchovers begin and end meanwhile.
 * @param newestFirst no epoch twice
 * @returns newest first
 */
export function historyPage (newestFirst: readonly Switchover[], { limit, before = Infinity, each }: HistoryPage): readonly HistoryEntry[] {
  const entries: HistoryEntry[] = []
  for (const switchover of newestFirst) {
    if (switchover.epoch >= before) continue
    const run = entries.at(-1)
    if (!each && run !== undefined && goesBackTo(run, switchover)) entries[entries.length - 1] = extended(run, switchover)
    else if (entries.length < limit) entries.push(entryOfOne(switchover))
    else break
  }
  return entries
}

const entryOfOne = (switchover: Switchover): HistoryEntry =>
  ({ ...switchover, count: 1, first_epoch: switchover.epoch, first_started_at: switchover.started_at })

/** The newest may have no error: a key that was freed again just times out. */
const extended = (run: HistoryEntry, older: Switchover): HistoryEntry =>
  ({ ...run, error: run.error ?? older.error, count: run.count + 1, first_epoch: older.epoch, first_started_at: older.started_at })

const goesBackTo = (run: HistoryEntry, older: Switchover) =>
  run.first_epoch === older.epoch + 1 && isVainAttempt(run) && isVainAttempt(older)

const isVainAttempt = ({ cause, outcome }: Switchover) =>
  isRetry[cause] && outcome !== null && outcome !== 'succeeded'

/** What the coordinators do over and over by themselves. A daemon that was stopped and a primary that was fenced are news each time. */
const isRetry: Readonly<Record<Cause, boolean>> = {
  request: false,
  contention: true,
  shutdown: false,
  fence: false,
  repair: true,
  rollback: true,
  restart: true,
  external: false,
}
