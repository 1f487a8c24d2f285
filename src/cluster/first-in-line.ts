/** The holder of an exclusive lock, by the first child below the lock's path that an exclusive lock waits for: readers are no obstacle to it. */
import type { LockHolder } from '../core/model/lock-holder.ts'
import type { Znode } from '../core/model/znode.ts'
import { lockContenders } from '../zookeeper/locks/lock-order.ts'

/** Characters of an identifier, and of a child's name, that are told. */
const LONGEST = 120

/** Another program's text: what could steer a terminal, or turn the line round, is not passed on. */
const printable = (text: string): string => text.slice(0, LONGEST).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/**
 * @param children the names below the lock's path
 * @param read gives the child of that name, or undefined where it is gone
 */
export function lockHolder (children: readonly string[], read: (child: string) => Znode | undefined): LockHolder | null {
  const first = lockContenders(children).find(({ marker }) => marker === '__lock__')?.name
  const znode = first === undefined ? undefined : read(first)
  if (first === undefined || znode === undefined) return null
  return { child: printable(first), identifier: printable(znode.data), session: znode.owner === '' ? null : znode.owner, since: znode.modified }
}
