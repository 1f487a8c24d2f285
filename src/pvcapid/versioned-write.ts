/** One znode written over exactly what was read of it, its fate found out while the session lives (`sure-write.ts`). */
import { sureWrite, type WriteFate } from '../cluster/sure-write.ts'
import { isNodeExists, isNoNode } from '../zookeeper/errors.ts'
import { parentPath } from '../zookeeper/paths.ts'
import type { Session } from '../zookeeper/session.ts'

/** @param version what was read; null where there was no such znode, which is then made */
export async function writeVersioned (session: Session, path: string, value: string, version: number | null): Promise<WriteFate> {
  return version === null ? await created(session, path, value) : await replaced(session, path, value, version)
}

async function replaced (session: Session, path: string, value: string, version: number): Promise<WriteFate> {
  return await sureWrite(session, async () => await session.set(path, value, version), async () => {
    const { data, stat } = await session.get(path)
    if (stat.version === version) return 'absent'
    return stat.version === version + 1 && data === value ? 'applied' : 'other'
  })
}

async function created (session: Session, path: string, value: string): Promise<WriteFate> {
  await session.ensurePath(parentPath(path))
  return await sureWrite(session, async () => await session.create(path, value), async () => {
    try {
      return (await session.get(path)).data === value ? 'applied' : 'other'
    } catch (error) {
      if (isNoNode(error)) return 'absent'
      throw error
    }
  }).catch((error: unknown) => {
    if (isNodeExists(error)) return 'refused'
    throw error
  })
}
