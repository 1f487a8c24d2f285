/**
 * Whether a node has a role, for load balancers: yes only if it is certain. A node in `takeover` or `relinquish` has neither role, nor has
 * one whose daemon is not known to be running and present; and no node has one while the view is stale.
 */
import { noNodeNamed } from '../errors/errors.ts'
import { isPresent, type Member } from '../../core/model/member.ts'
import type { ClusterCache } from './cluster-cache.ts'

export type Role = 'primary' | 'secondary'

export interface RoleReport {
  readonly holds: boolean
  readonly body: {
    readonly node: string | null
    readonly role: Role
    readonly holds: boolean
    readonly coordinator_state: Member['coordinatorState']
    readonly view_age: number | null
    readonly reasons: readonly string[]
  }
}

/** A primary that is stopping serves until it has handed over. */
const serving = { primary: ['run', 'shutdown'], secondary: ['run'] } as const

export class RoleService {
  readonly #view: ClusterCache
  readonly #self: string | undefined

  /** @param self the node that this API runs on, if it was told */
  constructor (view: ClusterCache, self: string | undefined) {
    this.#view = view
    this.#self = self
  }

  /** @param asked the node's name; this API's own unless given */
  report (role: Role, asked: string | undefined): RoleReport {
    const node = asked ?? this.#self ?? null
    const { age, stale, latest } = this.#view
    const member = latest?.cluster?.members.find(({ name }) => name === node)
    const reasons = [...stale ? ['The view is stale: ZooKeeper does not answer.'] : [], ...reasonsNotInRole(role, node, member)]
    const holds = reasons.length === 0
    return { holds, body: { node, role, holds, coordinator_state: member?.coordinatorState ?? null, view_age: age === Infinity ? null : Math.round(age) / 1000, reasons } }
  }
}

function reasonsNotInRole (role: Role, node: string | null, member: Member | undefined): readonly string[] {
  if (node === null) return ['This API was not told which node it runs on (pvc.node); name one with ?node=.']
  if (member === undefined) return [`${noNodeNamed(node)}, as far as is known.`]
  const reasons: string[] = []
  if (member.coordinatorState !== role) reasons.push(`${node} is ${member.coordinatorState ?? 'in no readable state'}, not ${role}.`)
  if (!serving[role].some((state) => state === member.daemonState)) reasons.push(`The daemon of ${node} is ${member.daemonState ?? 'in no readable state'}.`)
  if (!isPresent(member)) reasons.push(`${node} is not in contact with ZooKeeper.`)
  return reasons
}
