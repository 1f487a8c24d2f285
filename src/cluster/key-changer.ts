/** Drives one whole change of the key on a session of its caller's: for those who want it in one call, the API's switchover service. */
import type { Intent } from '../core/coordinator/intent.ts'
import { beginKeyChange, continueKeyChange, mayBeAbandoned, type KeyChange, type KeyOutcome } from '../core/coordinator/key-change.ts'
import type { KeyOperations } from './key-operations.ts'

export interface RunningChange {
  /** Settles once the change has come to an end; after a loss of contact that may be long after any client's patience. */
  readonly outcome: Promise<KeyOutcome>
  /** The epoch that is being written, once it is known. */
  readonly epoch: number | null
  /** Gives up, if nothing that names an epoch has been sent: true means that it never will be. After false the record of `epoch` tells what it came to. */
  abandon (): boolean
}

/**
 * Whatever becomes of the change, the lock is released once it has come to an end.
 * @param wall gives the present moment, RFC 3339
 */
export function changeKey (operations: KeyOperations, intent: Intent, wall: () => string): RunningChange {
  const abandoned = new AbortController()
  let change: KeyChange = beginKeyChange(intent, { underLock: false })

  async function run (): Promise<KeyOutcome> {
    try {
      return await runToEnd()
    } finally {
      await operations.releaseLock()
    }
  }

  async function runToEnd (): Promise<KeyOutcome> {
    for (;;) {
      const [op] = change.plan
      const answer = await operations.run(op, { signal: abandoned.signal })
      const progress = continueKeyChange(change, abandoned.signal.aborted && op.op !== 'unlock' ? { kind: 'failed' } : answer, wall())
      if (progress.done) return progress.outcome
      change = progress.change
    }
  }

  return {
    outcome: run(),
    get epoch () { return change.record?.epoch ?? null },
    abandon () {
      if (!mayBeAbandoned(change)) {
        change = { ...change, told: true }
        return false
      }
      abandoned.abort()
      return true
    },
  }
}
