/**
 * The holder of a lock and the predecessor that each contender waits for, from nothing but the names of the lock's children.
 *
 * The rules are kazoo's (`kazoo.recipe.lock`), because its processes share our locks: a child that ends in `__lock__` or
 * `__rlock__` and ten digits contends, whatever stands before; contenders are ordered by the digits as text; exclusive
 * locks and readers yield to lower `__lock__`, writers to both kinds. All other children are ignored.
 *
 * Guarantees: for one list of children, no exclusive or write lock holds together with any other it should exclude, and
 * of a non-empty list there is a holder; a child never waits for one that is behind it (kazoo's own reader does).
 * Equal numbers, which ZooKeeper never gives out, are ordered by the whole name so that exactly one is first.
 * Does not know whether the list is current: a reader must have created its own child before.
 */

export const LOCK_KINDS = ['exclusive', 'read', 'write'] as const
export type LockKind = (typeof LOCK_KINDS)[number]

export type LockMarker = '__lock__' | '__rlock__'

export interface LockChild {
  readonly name: string
  readonly marker: LockMarker
  /** Ten digits, perhaps after a minus (the counter has overflowed); compared as text, as kazoo does. */
  readonly sequence: string
}

export type LockPlace =
  /** Our child is not in the list. */
  | { readonly place: 'absent' }
  | { readonly place: 'holds' }
  /** `predecessor` is the nearest one in front: watch it, and it alone. */
  | { readonly place: 'waits', readonly predecessor: string }

const CHILD = /(__r?lock__)(-?\d{10})$/

/** What stands between the uuid and the number in a child's name. */
export function lockMarker (kind: LockKind): LockMarker {
  return kind === 'read' ? '__rlock__' : '__lock__'
}

/** The parts of a contender's name, or null for any other child. */
export function parseLockChild (name: string): LockChild | null {
  const match = CHILD.exec(name)
  if (match === null) return null
  return { name, marker: match[1] as LockMarker, sequence: match[2] as string }
}

function isBefore (a: LockChild, b: LockChild): boolean {
  return a.sequence === b.sequence ? a.name < b.name : a.sequence < b.sequence
}

/** The contenders among `children`, first in line first. */
export function lockContenders (children: readonly string[]): LockChild[] {
  return children.map(parseLockChild).filter((child) => child !== null).sort((a, b) => isBefore(a, b) ? -1 : 1)
}

/**
 * Where `own` stands among `children` when it wants the lock as `kind`.
 * @param children the names under the lock's path, in any order
 * @param own the name of our child, without the path
 */
export function lockPlace (children: readonly string[], own: string, kind: LockKind): LockPlace {
  const me = children.includes(own) ? parseLockChild(own) : null
  if (me === null) return { place: 'absent' }
  let nearest: LockChild | null = null
  for (const name of children) {
    const other = parseLockChild(name)
    if (other === null || !isBefore(other, me)) continue
    if (other.marker === '__rlock__' && kind !== 'write') continue
    if (nearest === null || isBefore(nearest, other)) nearest = other
  }
  return nearest === null ? { place: 'holds' } : { place: 'waits', predecessor: nearest.name }
}
