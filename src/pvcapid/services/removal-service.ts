/**
 * Removes a node from the cluster. Judged on a direct reading (`core/fencing/removal.ts`), and deleted in one transaction at the versions that were judged: a node
 * that comes to life meanwhile has written something, and then nothing is done. After an interruption the same may be asked again.
 */
import { isNodeName } from '../../cluster/layout.ts'
import { readRemoval, removeNode } from '../../cluster/nodes/node-removal.ts'
import { obstacle, removalRefused, type FoundObstacle } from '../../core/fencing/removal.ts'
import { namesInWords } from '../../core/model/names-in-words.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { ApiError, asNotStarted, isDenial, nodeUnknown, RETRY_AFTER, zookeeperUnavailable } from '../errors/errors.ts'
import { unknownOutcome, type Contact } from './contact.ts'
import type { Silence } from './fence-service.ts'

/** Milliseconds for all of it: in a large cluster every domain is read. */
const BOUND = 4_000
/** Readings before giving up on a node that keeps changing. A primary of PVC's writes the key at each keepalive, and another API may be deleting a fault. */
const ATTEMPTS = 8

export interface RemovedNode {
  /** For people. */
  readonly message: string
  readonly node: string
  /** What was deleted, each path with everything below it. */
  readonly removed: readonly string[]
  /** Names of domains that do not run, and name the node still. */
  readonly domains: readonly string[]
}

export class RemovalService {
  readonly #contact: Contact
  readonly #silence: Silence
  readonly #log: Logger

  constructor (contact: Contact, silence: Silence, log: Logger) {
    this.#contact = contact
    this.#silence = silence
    this.#log = log
  }

  /**
   * @param requestedBy whose API key asked for it, or null where no key is needed
   * @throws ApiError `node_unknown`, `node_not_removable`, `zookeeper_unavailable`, `outcome_unknown`
   */
  async remove (node: string, requestedBy: string | null): Promise<RemovedNode> {
    if (!isNodeName(node)) throw noSuchNode(node)
    let sent = false
    try {
      return await this.#contact.bounded(async (signal) => {
        const session = await this.#contact.session()
        for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
          const found = await readRemoval(session, node, (writtenAt) => this.#silence(node, writtenAt))
          if (found === undefined) throw noSuchNode(node)
          if (found === null) continue
          const obstacles = removalRefused(found.reading)
          if (obstacles.length > 0) throw refused(node, obstacles)
          // A client that was told `not_started` was told the truth.
          signal.throwIfAborted()
          sent = true
          const outcome = await removeNode(session, found, signal)
          if (outcome === 'done') return this.#removed(node, requestedBy, found.paths, found.atRest)
          if (outcome === 'unknown' || outcome === 'overwritten') throw unknownOutcome()
          sent = false
          if (outcome === 'failed') throw zookeeperUnavailable()
        }
        throw refused(node, [obstacle(node, 'changing')])
      }, BOUND)
    } catch (error) {
      // What is denied was not applied, and the removal is a single write.
      if (!sent || isDenial(error)) throw asNotStarted(error)
      if (error instanceof ApiError && error.code === 'zookeeper_unavailable') throw unknownOutcome(error)
      throw error
    }
  }

  #removed (node: string, by: string | null, paths: readonly string[], domains: readonly string[]): RemovedNode {
    this.#log.warn({ node, by, removed: paths }, `${node} was removed from the cluster`)
    const faults = paths.length - 1 - (paths.some((path) => path.startsWith('/logs/')) ? 1 : 0)
    const left = domains.length === 0 ? '' : ` Domains that do not run name it still (${namesInWords(domains)}): move them to another node before you start them.`
    return {
      message: `Node ${node} is removed: its znodes, its log${faults === 0 ? '' : ` and ${faults} ${faults === 1 ? 'fault' : 'faults'} of it`}. A pvcnoded that is started with this name registers as a new node.${left}`,
      node,
      removed: paths,
      domains,
    }
  }
}

const noSuchNode = (node: string) => nodeUnknown(node, { outcome: 'not_started' })

function refused (node: string, reasons: readonly FoundObstacle[]): ApiError {
  return new ApiError('node_not_removable', reasons.map(({ message }) => message).join(' '), {
    outcome: 'not_started', members: { nodes: [node], reasons: { [node]: reasons } }, ...reasons.some(({ code }) => code === 'switchover' || code === 'changing') ? { headers: { 'retry-after': RETRY_AFTER } } : {},
  })
}
