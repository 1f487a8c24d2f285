/** Attacks on what the API reads: every znode that it watches gets values that nobody would write, one after another. */
import { setTimeout as delay } from 'node:timers/promises'
import { apiPaths } from '../../src/projection/api-interest.ts'
import { isLinkFailure, isNoNode, isNodeExists } from '../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'

export interface ZnodeAttack {
  readonly name: string
  readonly seconds: number
  /** The value of a znode at each change. */
  readonly values: ReadonlyArray<(change: number) => string>
}

const deep = (depth: number, change: number): string => `{"data":${'['.repeat(depth)}${change}${']'.repeat(depth)}}`

export const znodeAttacks: readonly ZnodeAttack[] = [
  { name: 'deep values in every znode', seconds: 10, values: [(change) => deep(2_500, change), (change) => deep(100_000, change), (change) => '{"a":'.repeat(50_000) + String(change)] },
  { name: 'huge values in every znode', seconds: 10, values: [(change) => `${change}${'x'.repeat(900_000)}`, (change) => `[${'0,'.repeat(400_000)}${change}]`, (change) => '\u0000\ufffd'.repeat(200_000) + String(change)] },
]

/** One znode for each pattern that the API watches; what stands for a name is one that nobody else has. */
const paths = Object.keys(apiPaths).map((pattern) => pattern.replace('{node}', 'plum').replaceAll(/\{\w+\}/g, 'poisoned')).toSorted()

async function put (session: Session, path: string, value: string): Promise<void> {
  try {
    await session.set(path, value, ANY_VERSION)
  } catch (error) {
    // The server is under attack as well.
    if (isLinkFailure(error)) {
      await session.whenConnected()
      await put(session, path, value)
      return
    }
    if (!isNoNode(error)) throw error
    try {
      await session.create(path, value)
    } catch (failure) {
      // Made by a daemon meanwhile, or its parent is one of those that only a daemon makes.
      if (!isNodeExists(failure) && !isNoNode(failure)) throw failure
    }
  }
}

/** Changes every znode over and over; afterwards each is what it was. */
export async function poison (session: Session, { seconds, values }: ZnodeAttack, share: number): Promise<void> {
  const before = new Map<string, string>()
  for (const path of paths) if (await session.exists(path) !== null) before.set(path, (await session.get(path)).data)
  const until = performance.now() + Math.max(2_000, seconds * 1_000 * share)
  for (let change = 0; performance.now() < until; change++) {
    for (const path of paths) {
      await put(session, path, values[change % values.length]?.(change) ?? '')
      // Slow enough for the readers to see most of them.
      await delay(5)
    }
  }
  for (const path of paths.toReversed()) {
    const value = before.get(path)
    if (value !== undefined) await put(session, path, value)
    else if (await session.exists(path) !== null) await session.delete(path, ANY_VERSION)
  }
}
