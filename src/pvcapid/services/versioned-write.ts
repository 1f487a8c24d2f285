/** One znode written over exactly what was read of it, its outcome found out while the session lives (`sure-write.ts`). */
import { sureCreate, sureSet, type WriteOutcome } from '../../cluster/certain-write.ts'
import { FAULTS, NODES } from '../../cluster/layout.ts'
import { parentPath } from '../../zookeeper/client/paths.ts'
import type { Session } from '../../zookeeper/session/session.ts'

/**
 * `refused` as well if the znode is of a node or a fault that is not there: a write about one that was removed meanwhile does not make it again.
 * @param version what was read; null where there was no such znode, which is then made
 * @param signal nothing more is sent after it
 */
export async function writeVersioned (session: Session, path: string, value: string, version: number | null, signal?: AbortSignal): Promise<WriteOutcome> {
  if (version !== null) return await sureSet(session, path, value, version, { signal })
  if (![NODES, FAULTS].some((removable) => path.startsWith(`${removable}/`))) await session.ensurePath(parentPath(path))
  return await sureCreate(session, path, value, signal)
}
