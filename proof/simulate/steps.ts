/** The steps of a change of the key and of a transition, as they show in what is committed and held: the moments between which things go wrong. */
import { PRIMARY_NODE, SWITCHOVERS } from '../../src/cluster/layout.ts'
import type { Change } from './zookeeper/znodes.ts'

export const steps = [
  'lock', 'unlock', 'ledger', 'record', 'key', 'closing', 'takeover', 'relinquish', 'primary', 'secondary', 'acquire', 'release', 'init', 'run', 'shutdown', 'dead', 'expiry', 'renewal', 'keepalive',
] as const
export type Step = typeof steps[number]

const written = new Set<string>(steps)

/** Which step a committed change is; null if it is none. */
export function stepOf (change: Change): Step | null {
  switch (change.op) {
    case 'close_session': return 'expiry'
    case 'create': return isLock(change.path) ? 'lock' : change.path.startsWith(`${SWITCHOVERS}/`) ? 'record' : null
    case 'delete': return isLock(change.path) ? 'unlock' : null
    case 'set':
      if (change.path === PRIMARY_NODE) return 'key'
      if (change.path.startsWith(SWITCHOVERS)) return change.path === SWITCHOVERS ? 'ledger' : 'closing'
      if (change.path.endsWith('/presence')) return 'renewal'
      if (change.path.endsWith('/keepalive')) return 'keepalive'
      return /\/(routerstate|daemonstate)$/.test(change.path) && written.has(change.data) ? change.data as Step : null
    default: return null
  }
}

const isLock = (path: string) => path.startsWith(`${PRIMARY_NODE}/`)
