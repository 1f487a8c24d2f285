/**
 * An operator's word that a node is down. Judged on a direct reading (`core/fencing/fence-confirmation.ts`) and written at the versions that were
 * judged, the daemon state first, and that only if neither keepalive nor presence has changed since: a node that comes back meanwhile shows one of these, and
 * then nothing is done.
 */
import { fenceObstacles, judgeConfirmation, type FenceGuard, type FenceReading, type FenceRuling } from '../../core/fencing/fence-confirmation.ts'
import { sureSet } from '../../cluster/certain-write.ts'
import { readZnode } from '../../cluster/reading.ts'
import type { Clock } from '../../runtime/clock.ts'
import { isNodeName, nodePath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import { unknownOutcome, type Contact } from './contact.ts'
import { ApiError, asNotStarted, isDenial, nodeUnknown, zookeeperUnavailable } from '../errors/errors.ts'
import { writeVersioned } from './versioned-write.ts'

/** Milliseconds for all of it. */
const BOUND = 3_000
/** Judgements before giving up on a node that keeps changing. */
const ATTEMPTS = 3

/** Milliseconds for which the keepalive of `node` has been seen to stay as it was written at `at`; null if another one was seen last. */
export type Silence = (node: string, at: string) => number | null

export class FenceService {
  readonly #contact: Contact
  readonly #clock: Clock
  readonly #silence: Silence

  constructor (contact: Contact, clock: Clock, silence: Silence) {
    this.#contact = contact
    this.#clock = clock
    this.#silence = silence
  }

  /**
   * Makes `node` fenced; answers with a sentence for people.
   * @param confirm has to be the node's name again
   * @throws ApiError `argument_invalid`, `node_unknown`, `fence_not_confirmable`, `zookeeper_unavailable`, `outcome_unknown`
   */
  async confirm (node: string, confirm: string, requestedBy: string | null): Promise<string> {
    if (!isNodeName(node)) throw noSuchNode(node)
    if (confirm !== node) throw new ApiError('argument_invalid', `confirm has to be the name of the node, "${node}"; nothing was done.`, { outcome: 'not_started' })
    let begun = false
    const made = { some: false }
    try {
      return await this.#contact.bounded(async (signal) => {
        const session = await this.#contact.session()
        for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
          const ruling = judgeConfirmation(await readNode(session, node, this.#silence), requestedBy, this.#clock.wall())
          if (ruling.kind === 'already') return `Node ${node} is already fenced.`
          if (ruling.kind === 'refused') throw refused(node, ruling.obstacles.map((code) => ({ code, message: `${node}: ${fenceObstacles[code]}` })))
          // A client that was told `not_started` was told the truth.
          signal.throwIfAborted()
          begun = true
          if (await writeAll(session, node, ruling, made)) return `Node ${node} is fenced now: it counts as holding nothing.`
        }
        throw refused(node, [{ code: 'not_dead', message: `${node}: it keeps changing` }])
      }, BOUND)
    } catch (error) {
      if (!begun) throw asNotStarted(error)
      // A part of it may be there, whatever was refused after that.
      if (isDenial(error) && !made.some) throw asNotStarted(error)
      if (error instanceof ApiError && (made.some || error.code === 'zookeeper_unavailable')) throw unknownOutcome(error)
      throw error
    }
  }
}

async function readNode (session: Session, node: string, silence: Silence): Promise<FenceReading> {
  await session.sync('/')
  if (await session.exists(nodePath(node)) === null) throw noSuchNode(node)
  const read = async (child: Exclude<keyof FenceReading, 'silence'>) => await readZnode(session, nodePath(node, child))
  const [daemonmode, daemonstate, routerstate, presence, keepalive, fence, transition] =
    await Promise.all([read('daemonmode'), read('daemonstate'), read('routerstate'), read('presence'), read('keepalive'), read('fence'), read('transition')])
  return { daemonmode, daemonstate, routerstate, presence, keepalive, fence, transition, silence: keepalive?.modified == null ? null : silence(node, keepalive.modified) }
}

type Confirmation = Extract<FenceRuling, { kind: 'confirm' }>

const onNode = (node: string, { unchanged, absent }: FenceGuard) => ({
  unchanged: unchanged.map(({ child, version }) => ({ path: nodePath(node, child), version })),
  absent: absent.map((child) => nodePath(node, child)),
})

/**
 * False if the node is not as it was judged any more.
 * @param made told of the first write that is done
 */
async function writeAll (session: Session, node: string, { writes, guard }: Confirmation, made: { some: boolean }): Promise<boolean> {
  for (const { child, value, version } of writes) {
    const path = nodePath(node, child)
    const outcome = child === 'daemonstate' && version !== null
      ? await sureSet(session, path, value, version, { write: async () => await session.setGuarded(path, value, version, onNode(node, guard)) })
      : await writeVersioned(session, path, value, version)
    if (outcome === 'unknown') throw unknownOutcome()
    if (outcome === 'failed') throw zookeeperUnavailable()
    if (outcome === 'done') made.some = true
    // The record is for people; a fencer may be writing it at the same time.
    if (outcome === 'done' || child === 'fence') continue
    if (outcome === 'overwritten') throw unknownOutcome()
    return false
  }
  return true
}

const noSuchNode = (node: string) => nodeUnknown(node, { outcome: 'not_started' })

function refused (node: string, reasons: ReadonlyArray<{ readonly code: string, readonly message: string }>): ApiError {
  return new ApiError('fence_not_confirmable', `${reasons.map(({ message }) => message).join('; ')}. Only a node that a peer has judged dead, or that has stopped without saying that it released everything, and that has given no sign of life since, can be confirmed; or a node of PVC's that has written no keepalive for 60 s.`, {
    outcome: 'not_started', members: { nodes: [node], reasons: { [node]: reasons } },
  })
}
