/** The two small writes of PVC's API: maintenance mode and a node's domain state. Each is versioned over what it was decided on. */
import { domainStateOf } from '../../core/model/states.ts'
import { UNKNOWN } from '../../core/pvc/node-reply.ts'
import { isNodeName, MAINTENANCE, nodePath } from '../../cluster/layout.ts'
import type { Contact } from './contact.ts'
import { ApiError, asNotStarted, nodeUnknown } from '../errors/errors.ts'
import { checkTags, etagOf, isMatched } from '../http/etag.ts'
import { stateArgument, type StateSources } from './switchover/state-argument.ts'
import type { ClusterCache } from './cluster-cache.ts'

/** What PVC's daemons understand for each state that can be asked for, and the state it leads to. */
const domainWrites = {
  flush: { value: 'flush', reached: 'flushed', doing: 'is giving its domains away' },
  ready: { value: 'unflush', reached: 'ready', doing: 'is taking domains again' },
} as const

export class SettingsService {
  readonly #contact: Contact
  readonly #view: ClusterCache

  constructor (contact: Contact, view: ClusterCache) {
    this.#contact = contact
    this.#view = view
  }

  /** Switches maintenance mode; answers with a sentence for people. `ifMatch` is compared with the status that this API shows. */
  async setMaintenance (sources: StateSources, ifMatch: string | undefined): Promise<string> {
    const value = stateArgument(['true', 'false'], sources)
    checkTags(ifMatch)
    if (ifMatch !== undefined) this.#expect(isMatched(ifMatch, etagOf(this.#status())))
    const written = await this.#contact.write(MAINTENANCE, value, (present) => present !== value)
    const mode = value === 'true' ? 'maintenance' : 'normal'
    return written ? `The cluster is in ${mode} mode now.` : `The cluster is already in ${mode} mode.`
  }

  /** Asks a node to give its domains away or to take them again; answers with a sentence for people. An unknown node is 400 here, as in PVC. */
  async setDomainState (node: string, sources: StateSources, ifMatch: string | undefined): Promise<string> {
    const state = stateArgument(['flush', 'ready'], sources)
    checkTags(ifMatch)
    if (!isNodeName(node) || !await this.#exists(node)) throw noSuchNode(node)
    const { value, reached, doing } = domainWrites[state]
    let before: string | null = null
    const written = await this.#contact.write(nodePath(node, 'domainstate'), value, async (present, session) => {
      // It may have been removed since the view had it.
      if (present === null && await session.exists(nodePath(node)) === null) throw noSuchNode(node)
      before = domainStateOf(present)
      if (ifMatch !== undefined) this.#expect(isMatched(ifMatch, etagOf({ name: node, domain_state: before ?? UNKNOWN })))
      return before !== value && before !== reached
    })
    if (!written && before === reached) return `Node ${node} is already ${reached}.`
    const carriedOut = this.#sentence(node, doing)
    // PVC's client waits unless the sentence has the word "already", which only a wish that is fulfilled may have.
    return written ? carriedOut : `${carriedOut} That was asked for before.`
  }

  /** The node carries the wish out, which a node that does not run can do only later. */
  #sentence (node: string, doing: string): string {
    const state = this.#view.latest?.node(node)?.details.daemon_state
    if (state === undefined || state === null || state === 'run' || state === 'init' || state === 'shutdown') return `Node ${node} ${doing}.`
    return `Node ${node} does not run (its daemon state is ${state}): it carries that out once its daemon is started.`
  }

  /** Throws `zookeeper_unavailable` before there is a view. */
  #status (): object {
    try {
      return this.#view.status
    } catch (error) {
      throw asNotStarted(error)
    }
  }

  /** Throws `precondition_failed` unless what `If-Match` says holds. */
  #expect (holds: boolean): void {
    if (!holds) throw new ApiError('precondition_failed', 'It is not as the ETag in If-Match has it. Read it again, then decide.', { outcome: 'not_started' })
  }

  async #exists (node: string): Promise<boolean> {
    if (this.#view.latest?.node(node) !== undefined) return true
    try {
      return await this.#contact.read(async (session) => await session.exists(nodePath(node))) !== null
    } catch (error) {
      throw asNotStarted(error)
    }
  }
}

const noSuchNode = (node: string) => nodeUnknown(node, { status: 400, outcome: 'not_started' })
