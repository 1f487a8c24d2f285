/**
 * Which znodes a watched tree reads, as a list of path patterns: the one place that says so, for the trees and for the tests that put something
 * into every one of them.
 */
import { memberZnodes } from '../core/model/member.ts'
import { isNodeName, NODES, PRIMARY_NODE, SWITCHOVERS, switchoverEpoch } from './layout.ts'

export interface Interest {
  readonly data: boolean
  readonly children: boolean
}

const NO_INTEREST: Interest = { data: false, children: false }
export const DATA: Interest = { data: true, children: false }
export const CHILDREN: Interest = { data: false, children: true }
export const BOTH: Interest = { data: true, children: true }

/** A component of a pattern that stands for a name → which names. */
const placeholders: Readonly<Record<string, (name: string) => boolean>> = {
  '{node}': isNodeName,
  '{epoch}': (name) => switchoverEpoch(name) !== null,
  '{name}': () => true,
}

/** Path pattern → what is wanted of the paths that match it. */
export type PathPatterns = Readonly<Record<string, Interest>>

/** `patterns` for one pattern per name of `names`, below `parent`. */
export const below = (parent: string, names: readonly string[], interest: Interest): PathPatterns =>
  Object.fromEntries(names.map((name) => [`${parent}/${name}`, interest]))

/** What the coordinator view rests on: the key, the ledger and its records, and of each node what makes it a member. */
export const clusterPaths: PathPatterns = {
  [PRIMARY_NODE]: DATA,
  [SWITCHOVERS]: BOTH,
  [`${SWITCHOVERS}/{epoch}`]: DATA,
  [NODES]: CHILDREN,
  [`${NODES}/{node}`]: CHILDREN,
  ...below(`${NODES}/{node}`, memberZnodes, DATA),
}

interface Branch {
  interest: Interest
  readonly named: Map<string, Branch>
  readonly matched: Array<readonly [(name: string) => boolean, Branch]>
}
const branch = (): Branch => ({ interest: NO_INTEREST, named: new Map(), matched: [] })

/** The function that says what is wanted of a path. */
export function interestIn (patterns: PathPatterns): (path: string) => Interest {
  const root = branch()
  for (const [pattern, interest] of Object.entries(patterns)) {
    let at = root
    for (const part of pattern.slice(1).split('/')) {
      const next = at.named.get(part) ?? branch()
      if (!at.named.has(part)) {
        at.named.set(part, next)
        const matches = placeholders[part]
        if (matches !== undefined) at.matched.push([matches, next])
      }
      at = next
    }
    at.interest = interest
  }
  return (path) => {
    let at: Branch | undefined = root
    for (const part of path.slice(1).split('/')) {
      at = at.named.get(part) ?? at.matched.find(([matches]) => matches(part))?.[1]
      if (at === undefined) return NO_INTEREST
    }
    return at.interest
  }
}

/** The paths that a tree of `patterns` loads first; everything else is found below them. */
export const rootsOf = (patterns: PathPatterns): readonly string[] => Object.keys(patterns).filter((pattern) => !pattern.includes('{'))

export const clusterRoots = rootsOf(clusterPaths)
export const clusterInterest = interestIn(clusterPaths)
