/** Why a command did not do what was asked, as a sentence for people and an exit status. */
import { exitStatus, type Ending } from '../cli/table.ts'

export class Failure extends Error {
  readonly ending: Ending
  /** What the API said, unchanged; printed with `--json`. */
  readonly body: string | null

  constructor (ending: Ending, message: string, body: string | null = null) {
    super(message)
    this.name = 'Failure'
    this.ending = ending
    this.body = body
  }

  get status (): number { return exitStatus(this.ending) }
}
