/** Writes of znodes that have this one writer. */
import { isNodeExists, isNoNode } from '../zookeeper/client/errors.ts'
import { parentPath } from '../zookeeper/client/paths.ts'
import { ANY_VERSION, type Session } from '../zookeeper/session/session.ts'

/** Sets a znode that has no other writer; makes it, and what is missing above it, if need be. */
export async function put (session: Session, path: string, text: string): Promise<void> {
  try {
    await session.set(path, text, ANY_VERSION)
    return
  } catch (error) {
    if (!isNoNode(error)) throw error
  }
  await session.ensurePath(parentPath(path))
  try {
    await session.create(path, text)
  } catch (error) {
    if (!isNodeExists(error)) throw error
    await session.set(path, text, ANY_VERSION)
  }
}
