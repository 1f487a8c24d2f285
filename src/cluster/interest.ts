/** Which znodes the coordinator view rests on: the key, the ledger and its records, and of each node what makes it a member. */
import { memberZnodes } from '../core/member.ts'
import { baseName, isNodeName, NODES, parentPath, PRIMARY_NODE, SWITCHOVERS, switchoverEpoch } from '../zookeeper/paths.ts'

export interface Interest {
  readonly data: boolean
  readonly children: boolean
}

export const NO_INTEREST: Interest = { data: false, children: false }
const DATA: Interest = { data: true, children: false }
const CHILDREN: Interest = { data: false, children: true }

const memberChildren: ReadonlySet<string> = new Set(memberZnodes)

/** The paths that are loaded first; `clusterInterest` says what of each, and of what is below. */
export const clusterRoots = [PRIMARY_NODE, SWITCHOVERS, NODES] as const

export function clusterInterest (path: string): Interest {
  if (path === PRIMARY_NODE) return DATA
  if (path === SWITCHOVERS) return { data: true, children: true }
  if (path === NODES) return CHILDREN
  const parent = parentPath(path)
  const name = baseName(path)
  if (parent === NODES) return isNodeName(name) ? CHILDREN : NO_INTEREST
  if (parent === SWITCHOVERS) return switchoverEpoch(name) === null ? NO_INTEREST : DATA
  return parentPath(parent) === NODES && memberChildren.has(name) ? DATA : NO_INTEREST
}
