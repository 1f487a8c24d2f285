/** What this node has to add to the story of switchovers, over all sessions and runs of the daemon; published as `/nodes/<n>/events`. */
import { boundedEntry, journalText, MOST_ENTRIES, parseJournal, type JournalEntry } from '../../core/story/journal.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { ContinuedText } from './log-publisher.ts'

export class Journal implements ContinuedText {
  readonly #clock: Clock
  #entries: readonly JournalEntry[] = []
  #isContinued = false
  onLine: () => void = () => {}

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Empty as long as there is nothing to be said. */
  get text (): string { return this.#entries.length === 0 ? '' : journalText(this.#entries) }

  add ({ event, message, epoch = null, resource = null }: Pick<JournalEntry, 'event' | 'message'> & Partial<JournalEntry>): void {
    this.#keep([...this.#entries, boundedEntry({ at: this.#clock.wall(), event, epoch, resource, message })])
    this.onLine()
  }

  continueFrom (before: string): void {
    if (this.#isContinued) return
    this.#isContinued = true
    this.#keep([...parseJournal(before), ...this.#entries])
  }

  #keep (entries: readonly JournalEntry[]): void {
    this.#entries = entries.slice(-MOST_ENTRIES)
  }
}
