/**
 * May a node be removed from the cluster? Only one that holds nothing and is not there: stopped in order, confirmed fenced, or never begun. Pure.
 *
 * Invariant: the removal is one transaction over the very versions that were judged here, and there is no presence among what it deletes. A node that holds
 * nothing at those versions can come to hold something only by writing another one. So its absence tells a peer no more than its last words did, and a
 * node that comes to life meanwhile has written something that refuses the whole transaction.
 */
import { holdsNothing, type Member } from '../model/member.ts'
import { isOpen, type SwitchoverRecord } from '../model/record.ts'
import type { Znode } from '../model/znode.ts'
import { namesInWords } from '../model/names-in-words.ts'
import { PVC_SILENCE } from './judgement.ts'

/** Every reason for which a node is not removed, with what to do. docs/errors.md has this list. */
export const removalObstacles = {
  present: 'It is in contact with ZooKeeper. Stop its pvcnoded first.',
  not_stopped: 'Its daemon is not stopped. Stop it in order; if it is gone, wait until its peers have fenced it, or confirm that it is down.',
  not_fenced: 'It is judged dead, and no fence is confirmed: it may hold resources. Confirm that it is down first.',
  may_hold: 'It has stopped without saying that it released everything. Start its pvcnoded again and stop it in order, or make certain that it is down, then confirm that.',
  sign_of_life: 'It has written a keepalive after its last daemon state: something still runs there. Look at that machine.',
  not_silent: 'It has no state to judge by, and this API has not seen it without a keepalive for 60 s yet. Try again later.',
  unreadable: 'Its daemon state cannot be read. Start its pvcnoded again and stop it in order.',
  primary: 'The primary key names it. Move the role to another coordinator first.',
  switchover: 'A switchover in progress names it. Try again once that is over.',
  domains: 'Domains run on it. Move them to another node, or stop them.',
  osds: 'Storage daemons (OSDs) of PVC\'s are on it. Remove them with PVC\'s own commands first.',
  too_large: 'It has more znodes than one transaction can delete. Delete those that are not PVC\'s or this project\'s by hand.',
  changing: 'It keeps changing while it is removed: something writes its znodes. Look at what runs there.',
} as const
export type RemovalObstacle = keyof typeof removalObstacles

export interface FoundObstacle {
  readonly code: RemovalObstacle
  /** A sentence with what to do. */
  readonly message: string
}

export interface RemovalReading {
  readonly member: Member
  readonly daemonState: Znode | undefined
  readonly keepalive: Znode | undefined
  /** Milliseconds for which this very keepalive has been seen to stay; null if that is not known. */
  readonly silence: number | null
  /** Whom the primary key names; null while there is none. */
  readonly primaryNode: string | null
  /** Those that can still be open. */
  readonly records: readonly SwitchoverRecord[]
  /** Names of the domains that run on it, or are to. */
  readonly domains: readonly string[]
  /** Ids of PVC's storage daemons on it. */
  readonly osds: readonly string[]
  /** One of its znodes is ephemeral: a session that lives owns it. */
  readonly hasEphemeral: boolean
  /** Its znodes do not fit into one transaction. */
  readonly isTooLarge: boolean
}

export function removalRefused (reading: RemovalReading): readonly FoundObstacle[] {
  const { member: { name }, primaryNode, records, domains, osds, isTooLarge } = reading
  const open = records.find((record) => isOpen(record) && (record.from === name || record.to === name))
  return [
    ...lifeOf(reading),
    ...primaryNode === name ? [obstacle(name, 'primary')] : [],
    ...open === undefined ? [] : [obstacle(name, 'switchover', `Switchover ${open.epoch}.`)],
    ...domains.length === 0 ? [] : [obstacle(name, 'domains', `They are ${namesInWords(domains)}.`)],
    ...osds.length === 0 ? [] : [obstacle(name, 'osds', `They are ${namesInWords(osds)}.`)],
    ...isTooLarge ? [obstacle(name, 'too_large')] : [],
  ]
}

export const obstacle = (node: string, code: RemovalObstacle, more = ''): FoundObstacle =>
  ({ code, message: `${node}: ${removalObstacles[code]}${more === '' ? '' : ` ${more}`}` })

/** What speaks for its daemon being there, or for its host holding something. */
function lifeOf ({ member, daemonState, keepalive, silence, hasEphemeral }: RemovalReading): readonly FoundObstacle[] {
  const { name } = member
  const found: FoundObstacle[] = member.presence !== null || hasEphemeral ? [obstacle(name, 'present')] : []
  if (daemonState !== undefined && keepalive !== undefined && keepalive.mzxid > daemonState.mzxid && (member.daemonState === 'stop' || member.daemonState === 'fenced')) found.push(obstacle(name, 'sign_of_life'))
  switch (member.daemonState) {
    case 'fenced': return found
    case 'stop': return holdsNothing(member) ? found : [...found, obstacle(name, 'may_hold', `Its coordinator state is ${member.coordinatorState ?? 'unreadable'}.`)]
    case 'dead': return [...found, obstacle(name, 'not_fenced', `\`pvcctl confirm-fence ${name}\`, or \`POST /api/v1/node/${name}/fence-confirmation\`.`)]
    case null:
      // Made by hand, or left by an old removal: what is left of a node says nothing for itself, so only time can.
      if (daemonState !== undefined || member.stateVersion !== null) return [...found, obstacle(name, 'unreadable')]
      return keepalive === undefined || (silence !== null && silence >= PVC_SILENCE) ? found : [...found, obstacle(name, 'not_silent')]
    default: return [...found, obstacle(name, 'not_stopped', `Its daemon state is ${member.daemonState}.`)]
  }
}
