/**
 * Raises faults in PVC's znodes. A fault that exists is reported again: its time and its message change, and an acknowledgement stays.
 * PVC's API reads faults without a transaction. ZooKeeper needs the parent first, so the creations of parent and texts are sent together, in order.
 */
import { faultId, faultTexts, faultZnodes, type FaultZnode, type FoundFault } from '../core/pvc/fault.ts'
import { hasCode, isNodeExists, isNoNode } from '../zookeeper/client/errors.ts'
import { childPath } from '../zookeeper/client/paths.ts'
import { ANY_VERSION, type Session } from '../zookeeper/session/session.ts'
import { FAULTS, faultPath } from './layout.ts'
import { put } from './put.ts'

/** Rejects with a `ZooKeeperError`; then it may be there in part, and is completed when it is raised again. */
export async function raiseFault (session: Session, fault: FoundFault, wall: string): Promise<void> {
  await keepFault(session, faultId(fault), faultTexts(fault, wall))
}

/** As `raiseFault`, from the texts of its znodes. */
export async function keepFault (session: Session, id: string, texts: Readonly<Record<FaultZnode, string>>): Promise<void> {
  const path = faultPath(id)
  await session.ensurePath(FAULTS)
  // In flight together, and all of them awaited together: a rejection that is awaited later is unhandled, and ends the process.
  const [made, ...children] = await Promise.allSettled([
    session.create(path, ''),
    ...faultZnodes.map(async (key) => await session.create(childPath(path, key), texts[key])),
  ])
  const isNew = made.status === 'fulfilled'
  if (!isNew && !isNodeExists(made.reason)) throw made.reason
  if (isNew) {
    const failed = children.find((child) => child.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return
  }
  await Promise.all([put(session, childPath(path, 'message'), texts.message), put(session, childPath(path, 'last_time'), texts.last_time)])
}

/** Times that a fault is deleted again because another client has written a text of it meanwhile. */
const AGAIN = 8

/** Deletes a fault with everything below it; false if there is none. Its status goes last: what is acknowledged stays so until the fault is gone. */
export async function deleteFault (session: Session, id: string): Promise<boolean> {
  const path = faultPath(id)
  for (let again = 0; ; again++) {
    try {
      const { names } = await session.children(path)
      for (const name of [...names.filter((each) => each !== 'status'), ...names.filter((each) => each === 'status')]) {
        await session.delete(childPath(path, name), ANY_VERSION).catch(unlessGone)
      }
      await session.delete(path, ANY_VERSION)
      return true
    } catch (error) {
      if (isNoNode(error)) return again > 0
      if (!hasCode(error, 'not_empty') || again === AGAIN) throw error
    }
  }
}

/** Another client is deleting it, too. */
function unlessGone (error: unknown): void {
  if (!isNoNode(error)) throw error
}
