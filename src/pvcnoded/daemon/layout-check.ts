/**
 * A coordinator begins nothing in a layout that it does not know: for as long as the cluster's version is newer, this check fails among those of its
 * resources, so the node is not eligible, does not contend, and gives the key back if it is named. A primary is not asked: it keeps its role.
 *
 * The states of PVC's nodes may be somewhere else in a newer layout. Read where they were, they would say `secondary` of a node that holds resources.
 */
import { readNewerSchema } from '../../cluster/reading.ts'
import { newerSchemaSentence } from '../../core/pvc/schema.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { AttemptResult, Resource } from '../resources/resource.ts'

/** Milliseconds between two checks, at most. */
export const LAYOUT_INTERVAL = 10_000

export class LayoutCheck implements Resource {
  readonly name = 'layout'
  readonly identity = 'layout'
  readonly acquireTimeout = 0
  readonly releaseTimeout = 0
  readonly retries = 0
  readonly checkInterval = null
  readonly #session: Session

  constructor (session: Session) {
    this.#session = session
  }

  /** Of use for `ready` alone: there is nothing to be held. */
  async attempt (): Promise<AttemptResult> {
    const version = await readNewerSchema(this.#session).catch((error: unknown) => {
      // Without contact no takeover begins anyway.
      if (!isZooKeeperError(error)) throw error
      return null
    })
    if (version === null) return { kind: 'done' }
    return { kind: 'failed', failure: { code: 'ready_failed', resource: this.name, message: newerSchemaSentence(version, 'pvcnoded') } }
  }
}
