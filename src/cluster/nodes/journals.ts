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

/** One that may not be read costs itself alone; none of a node that there is not. */
async function readJournal (session: Session, node: string): Promise<NodeJournal | null> {
  const made = await session.exists(nodePath(node))
  if (made === null) return null
  const since = new Date(made.ctime).toISOString()
  try {
    return { node, since, entries: parseJournal((await readZnode(session, nodePath(node, 'events')))?.data) }
  } catch (error) {
    if (!isZooKeeperError(error) || isLinkFailure(error) || isSessionEnd(error)) throw error
    return { node, since, entries: [] }
  }
}

export async function readJournals (session: Session, nodes: readonly string[]): Promise<readonly NodeJournal[]> {
  const journals = await inLanes([...new Set(nodes)].slice(0, MOST), AT_ONCE, async (node) => await readJournal(session, node))
  return journals.filter((journal) => journal !== null)
}
