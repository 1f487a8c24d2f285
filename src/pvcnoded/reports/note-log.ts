/**
 * What the coordinator machine notes, as lines of the log that make sense alone. A failure is said once, where it is known what follows from it: it is said
 * again only when it has another cause, or has been over.
 */
import type { Note } from '../../core/coordinator/coordinator-state.ts'
import type { RestingIntent } from '../../core/coordinator/intent.ts'
import type { KeyOutcome } from '../../core/coordinator/key-change.ts'
import type { Failure } from '../../core/model/transition.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { Journal } from './journal.ts'

type Intent = RestingIntent['kind'] | 'give_back'

/** What each change of the primary key is for: when it is done, and when it is not. */
const intents: Readonly<Record<Intent, readonly [done: string, undone: string]>> = {
  contend: ['the primary key names this node now, which has contended for the role', 'this node contended for the primary role'],
  rewrite: ['the primary key names this node again, for a takeover of its own', 'this node was about to write its name into the primary key again'],
  reassert: ['the primary key names this node again, over an echo of PVC\'s keepalive', 'this node was about to write its name over an echo of PVC\'s keepalive'],
  free: ['this node has freed the primary key, to hand its role on', 'this node was about to free the primary key, to hand its role on'],
  decline: ['this node has given the primary key back, because it could not acquire its resources', 'this node was about to give the primary key back, because it could not acquire its resources'],
  give_back: ['this node has given the primary key back, because its takeover failed', 'this node was about to give the primary key back, because its takeover failed'],
  adopt: ['this node has given the primary key its first epoch: it was written by another program, or is new', 'this node was about to give the primary key its first epoch'],
}

/** Why a change of the key was not made; null if it was. */
const outcomes: Readonly<Record<KeyOutcome['kind'], string | null>> = {
  committed: null,
  adopted: null,
  reasserted: null,
  refused: 'it is not needed any more, because the key or a node has changed meanwhile',
  lock_timeout: 'the primary lock could not be acquired in time; it looks again',
  overtaken: 'another program has written the key meanwhile; it looks again',
  overwritten: 'another program has written the key meanwhile; it looks again',
  not_started: 'nothing was written, because another node was first or contact with ZooKeeper was lost',
  denied: 'ZooKeeper denies it; it tries again',
  unknown: 'contact with ZooKeeper was lost, and the record of that switchover will tell whether it was done',
}

/** What failed, by the procedure in which it did. */
const failures: Readonly<Record<string, string>> = {
  takeover: 'the takeover failed and is rolled back',
  primary: 'this node is primary and has lost a resource',
}

const causeOf = ({ code, resource, message }: Failure): string => `${code} ${resource} ${message}`
const isRelease = ({ code }: Failure): boolean => code.startsWith('release_')

/** A note as a log message. */
function sentenceOf (note: Note): string {
  switch (note.code) {
    case 'key_changed': {
      const [done, undone] = intents[note.intent as Intent]
      const why = outcomes[note.outcome as KeyOutcome['kind']]
      return why === null ? done : `${undone}: ${why}`
    }
    case 'begun': return `${note.procedure} started`
    case 'finished':
      if (note.failure === null) return note.idle === true ? `${note.procedure} ended without an acquisition: the primary key or its switchover is another one by now` : `${note.procedure} finished`
      return note.procedure === 'rollback' ? 'rollback finished: everything that the takeover acquired is released' : `${note.procedure} failed: ${note.failure.message}`
    case 'waits': return `the ${note.procedure} waits before it acquires ${note.resource}: ${note.nodes.join(', ')} may hold it and cannot be asked. It continues once that is fenced, or confirmed to be down`
    case 'given_up': return `${note.procedure} given up: ${note.reason}`
    case 'failure': return `${failures[note.procedure] ?? `${note.procedure} failed`}: ${note.failure.message}`
    case 'demoted': return `${note.reason}; ${note.held.length === 0 ? 'nothing is held' : `releasing ${note.held.join(', ')}`}`
  }
}

export class NoteLog {
  readonly #log: Logger
  readonly #hasSelfFence: boolean
  readonly #journal: Journal | undefined
  /** Causes of failures that have been said and are not over. */
  readonly #said = new Set<string>()
  /** What a takeover was said to wait for last. */
  #waits: string | null = null

  constructor (log: Logger, hasSelfFence: boolean, journal?: Journal) {
    this.#log = log
    this.#hasSelfFence = hasSelfFence
    this.#journal = journal
  }

  /**
   * @param more the end of the sentence
   * @param isWarning it is one for what `more` says
   */
  note (note: Note, more = '', isWarning = false): void {
    const { code, ...fields } = note
    // It looks again whenever a peer has moved.
    const waits = code === 'waits' ? sentenceOf(note) : null
    if (waits !== null && waits === this.#waits) return
    this.#waits = waits
    this.#tell(note)
    if (code === 'failure') return this.#failure(sentenceOf(note), note.failure, { event: code, ...fields }, note.procedure === 'primary')
    // Its failure was said when it happened, and what is tried again because of one is no news.
    const isRepeated = (code === 'begun' || (code === 'finished' && note.failure !== null)) && [...this.#said].some((said) => said.startsWith('release_'))
    if (code === 'finished' && note.failure === null && note.idle !== true) this.over()
    this.#log[code === 'demoted' || code === 'waits' || isWarning ? 'warn' : isRepeated ? 'debug' : 'info']({ event: code, ...fields }, `${sentenceOf(note)}${more}`)
  }

  /** Before the last resort is taken. */
  releaseFailed (failure: Failure): void {
    this.#journalFailure(failure, null)
    this.#failure(failure.message, failure, { event: 'failure', failure }, true)
  }

  /** What has failed is well again. @param resource left out: all of it */
  over (resource?: string): void {
    if (resource !== undefined) this.#journal?.add({ event: 'regained', resource, message: `${resource} is held again` })
    for (const said of this.#said) if (resource === undefined || said.split(' ')[1] === resource) this.#said.delete(said)
  }

  /** What belongs into the story of a switchover. A loss and a demotion are part of whichever follows from them. */
  #tell (note: Note): void {
    switch (note.code) {
      case 'key_changed':
        if (note.outcome === 'committed') this.#journal?.add({ event: 'key_written', epoch: note.epoch, message: sentenceOf(note) })
        break
      case 'waits': this.#journal?.add({ event: 'waits', epoch: note.epoch, resource: note.resource, message: sentenceOf(note) }); break
      case 'demoted': this.#journal?.add({ event: 'demoted', message: sentenceOf(note) }); break
      case 'failure':
        if (note.procedure === 'primary') this.#journal?.add({ event: 'lost', resource: note.failure.resource, message: sentenceOf(note) })
        else this.#journalFailure(note.failure, note.epoch, sentenceOf(note))
    }
  }

  /** Once for each cause, as in the log. */
  #journalFailure (failure: Failure, epoch: number | null, message = failure.message): void {
    if (!this.#said.has(causeOf(failure))) this.#journal?.add({ event: 'failed', epoch, resource: failure.resource, message })
  }

  /** @param isTriedAgain it is tried every few seconds */
  #failure (sentence: string, failure: Failure, fields: object, isTriedAgain: boolean): void {
    const cause = causeOf(failure)
    if (this.#said.has(cause)) return this.#log.debug(fields, sentence)
    if (isTriedAgain || isRelease(failure)) this.#said.add(cause)
    if (!isRelease(failure)) return this.#log.warn(fields, sentence)
    const next = this.#hasSelfFence ? 'self_fence is run.' : 'No self_fence is configured, so no other node acquires it before it is released.'
    this.#log.error(fields, `${sentence} ${failure.resource} may still be held here. ${next} Mend what is named: the release is tried again by itself.`)
  }
}
