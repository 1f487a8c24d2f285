/** When a node released what it held as primary, by the ensemble's clock. For records; nothing is decided on it. */
import { parseCourses } from '../../core/model/resource-states.ts'
import { parseTransition } from '../../core/model/transition.ts'
import type { Znode } from '../../core/model/znode.ts'

/** Milliseconds; a later moment has no date. */
const LAST_MOMENT = 8.64e15

/**
 * When a node began to release for the last time, where it has taken nothing over since: ZooKeeper's stamp of its last release, less the time that all of them took
 * there; null where it does not say. From the texts of its znodes.
 */
export function beganLastRelease (transition: Znode | undefined, resources: Znode | undefined): string | null {
  const last = parseTransition(transition?.data)
  if (transition === undefined || last?.direction !== 'relinquish') return null
  const since = last.epoch ?? 0
  const releases = parseCourses(resources?.data).filter(({ action, epoch }) => action === 'release' && epoch >= since)
  const ends = releases.map(({ at }) => Date.parse(at))
  const begins = releases.map(({ at, seconds }) => Date.parse(at) - seconds * 1000)
  const began = Date.parse(transition.modified) - (Math.max(...ends) - Math.min(...begins))
  return Math.abs(began) <= LAST_MOMENT ? new Date(began).toISOString() : null
}
