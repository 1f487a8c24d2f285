/**
 * A fault as PVC keeps it below `/faults/<id>`, raised by this project. A fault stays until it is deleted. The same condition, found again, is the same
 * fault reported again. Pure: a condition in; an id and the texts of its znodes out.
 */

import { shortened } from '../model/shortened.ts'

/** The children of `/faults/<id>`. */
export const faultZnodes = ['last_time', 'first_time', 'ack_time', 'status', 'delta', 'message'] as const
export type FaultZnode = typeof faultZnodes[number]

/** Each kind of fault: its cost in points of the cluster's health, and its message. */
export const faultKinds = {
  node_dead: { delta: 50, message: (node: string) => `Node ${node} is dead; what it may hold is not known to be released` },
  fence_unconfirmed: { delta: 50, message: (node: string, detail: string) => `Node ${node} is dead and could not be fenced; an operator has to confirm that it is down. ${detail}` },
  domains_left: { delta: 50, message: (node: string, detail: string) => `Node ${node} was fenced with domains on it that nothing has recovered: ${detail}` },
  resource_lost: { delta: 25, message: (node: string, detail: string) => `Node ${node} has lost a resource and could not acquire it again: ${detail}` },
  fence_probe: { delta: 10, message: (node: string, detail: string) => `Node ${node} could not be fenced now: ${detail}` },
} as const
export type FaultKind = keyof typeof faultKinds

export interface FoundFault {
  readonly kind: FaultKind
  /** The node that it is about. */
  readonly node: string
  /** The affected part of the node, such as a resource; undefined: the whole node. Another subject is another fault. */
  readonly subject?: string
  /** Details for the message; not part of the identity of the fault. */
  readonly detail?: string
}

/** Characters of a message at most. */
const LONGEST = 500

/** Eight hexadecimal digits, as PVC's ids are: the same for the same kind of fault of the same node. */
export function faultId ({ kind, node, subject = '' }: Omit<FoundFault, 'kind'> & { readonly kind: string }): string {
  // FNV-1a: enough to tell a few texts apart; not meant to resist forgery.
  let hash = 0x811c9dc5
  for (const character of `${kind} ${node} ${subject}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0').toUpperCase()
}

/** PVC's form of a time, of an RFC 3339 one. UTC. */
export const faultTime = (wall: string): string => wall.replace('T', ' ').slice(0, 19)

/** The texts of a fault that is found for the first time. */
export function faultTexts ({ kind, node, detail = '' }: FoundFault, wall: string): Readonly<Record<FaultZnode, string>> {
  const { delta, message } = faultKinds[kind]
  const time = faultTime(wall)
  return { last_time: time, first_time: time, ack_time: '', status: 'new', delta: String(delta), message: shortened(message(node, detail), LONGEST) }
}
