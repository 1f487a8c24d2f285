/**
 * Which resources a coordinator lacks, compared with what its peers are configured to hold. A node that lacks some would take the role over without them, so
 * nobody would hold them. No safety rests on it: it is what nodes say of their configuration, and a request may override it.
 *
 * Among the nodes that could contend there is always one that lacks nothing: only a peer with strictly more counts there. The primary counts only while its daemon
 * is in `run`, so a resource that was removed from its peers first does not keep them from taking over when it stops.
 */
import { isFit, isReady, isWilling, type Member } from '../model/member.ts'
import { namesInWords } from '../model/names-in-words.ts'
import { shortened } from '../model/shortened.ts'

/** A resource that a coordinator is not configured with. */
export interface Lack {
  readonly resource: string
  /** Which have it. */
  readonly nodes: readonly string[]
}

/** Nothing that is known keeps it from contending, but for what it lacks: a secondary that is ready, willing and not backing off. */
export const couldContend = (member: Member): boolean =>
  member.coordinatorState === 'secondary' && isFit(member) && isReady(member) && isWilling(member) && member.presence?.backoff == null

const listOf = ({ presence }: Member): readonly string[] | null => presence?.resources ?? null

const isMore = (more: readonly string[], less: readonly string[]): boolean => more.length > less.length && less.every((resource) => more.includes(resource))

/** What the primary has and `self` has not, and what a peer has that could contend and has all that `self` has. */
export const lacks = (self: Member, members: readonly Member[]): readonly Lack[] =>
  missing(self, members, (peer, more, less) => isFit(peer) && (peer.coordinatorState === 'primary' || (couldContend(peer) && isMore(more, less))))

/** What any other coordinator that is there is configured with and `self` is not, whatever either is doing. */
export const differences = (self: Member, members: readonly Member[]): readonly Lack[] => missing(self, members, () => true)

function missing (self: Member, members: readonly Member[], counts: (peer: Member, more: readonly string[], less: readonly string[]) => boolean): readonly Lack[] {
  const own = listOf(self)
  if (own === null || self.mode !== 'coordinator') return []
  const found = new Map<string, string[]>()
  for (const peer of members) {
    const list = listOf(peer)
    if (peer.name === self.name || peer.mode !== 'coordinator' || list === null || !counts(peer, list, own)) continue
    for (const resource of list) if (!own.includes(resource)) found.set(resource, [...found.get(resource) ?? [], peer.name])
  }
  return [...found].map(([resource, nodes]) => ({ resource, nodes }))
}

/** Characters of the resources in a sentence. */
const LONGEST = 300

/** As the end of a sentence: "resources that hv1 has (10.0.0.100)". */
export function lacksInWords (found: readonly Lack[]): string {
  const groups = new Map<string, { readonly nodes: readonly string[], readonly resources: string[] }>()
  for (const { resource, nodes } of found) {
    const group = groups.get(nodes.join()) ?? { nodes, resources: [] }
    group.resources.push(resource)
    groups.set(nodes.join(), group)
  }
  const parts = [...groups.values()].map(({ nodes, resources }) => `that ${namesInWords(nodes)} ${nodes.length === 1 ? 'has' : 'have'} (${shortened(namesInWords(resources), LONGEST)})`)
  return `resources ${parts.join(' and ')}`
}
