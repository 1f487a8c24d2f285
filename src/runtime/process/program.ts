/** Whether a program could be started, without starting it. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What keeps `program` from being started, as the end of a sentence that begins with its name; null if nothing does. Looked up in PATH if it has no slash. */
export async function obstacleTo (program: string): Promise<string | null> {
  if (program.includes('/')) return await obstacleAt(program)
  let best = 'is not in PATH'
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    const found = await obstacleAt(join(folder === '' ? '.' : folder, program))
    if (found === null) return null
    if (found !== MISSING) best = found
  }
  return best
}

const MISSING = 'does not exist'

async function obstacleAt (path: string): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) return 'is not a file'
    await access(path, constants.X_OK)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return MISSING
    return code === 'EACCES' ? 'cannot be executed by this user' : `cannot be looked at (${code})`
  }
}
