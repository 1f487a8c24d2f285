/** The journals of nodes, read directly: nothing watches them. */
import { parseJournal } from '../../core/story/journal.ts'
import type { NodeJournal } from '../../core/story/story.ts'
import { inLanes } from '../../runtime/lanes.ts'
import { isLinkFailure, isSessionEnd, isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import { nodePath } from '../layout.ts'
import { readZnode } from '../reading.ts'

/** Journals that are read at the same time, and in all. */
const AT_ONCE = 8
const MOST = 64

/** One that may not be read costs itself alone. */
async function readJournal (session: Session, node: string): Promise<NodeJournal> {
  try {
    return { node, entries: parseJournal((await readZnode(session, nodePath(node, 'events')))?.data) }
  } catch (error) {
    if (!isZooKeeperError(error) || isLinkFailure(error) || isSessionEnd(error)) throw error
    return { node, entries: [] }
  }
}

export async function readJournals (session: Session, nodes: readonly string[]): Promise<readonly NodeJournal[]> {
  return await inLanes(nodes.slice(0, MOST), AT_ONCE, async (node) => await readJournal(session, node))
}
