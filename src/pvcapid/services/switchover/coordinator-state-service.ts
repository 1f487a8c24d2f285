/**
 * PVC's way to ask for a switchover, node by node: `state=primary` wants the role there, `state=secondary` wants it anywhere else. Goes
 * through the switchover service, and answers in PVC's statuses.
 */
import { incapacityReasons } from '../../../core/switchover/eligibility.ts'
import { isServing, type Member } from '../../../core/model/member.ts'
import { coordinatorStates } from '../../../core/model/states.ts'
import { shownState, UNKNOWN } from '../../../core/pvc/node-reply.ts'
import type { KeySnapshot } from '../../../core/switchover/key-snapshot.ts'
import { epochNow } from '../../../core/switchover/key-snapshot.ts'
import { isKnownEpoch, rule, type Ruling, type SwitchoverRequest } from '../../../core/switchover/rules.ts'
import { isNodeName } from '../../../cluster/layout.ts'
import { ApiError, nodeUnknown } from '../../errors/errors.ts'
import { checkTags, etagOf, isMatched } from '../../http/etag.ts'
import { expectedEpoch } from '../primary-service.ts'
import { stateArgument, type StateSources } from './state-argument.ts'
import { outcomeUnknown, preconditionFailed, switchoverUrl, type OutcomeUnknown } from './switchover-problems.ts'
import type { Client } from '../waiters.ts'
import type { SwitchoverService } from './switchover-service.ts'

type WantedState = 'primary' | 'secondary'

export interface CoordinatorStateAnswer {
  readonly message: string
  /** Where the switchover in question is read; it may be missing where PVC's daemons wrote the key. */
  readonly location: string
  /** Not null if the link was lost after the write was sent. */
  readonly unknown: OutcomeUnknown | null
}

export class CoordinatorStateService {
  readonly #switchovers: SwitchoverService

  constructor (switchovers: SwitchoverService) {
    this.#switchovers = switchovers
  }

  /**
   * @param ifMatch an ETag of `GET /api/v1/primary` or of this very resource
   * @throws ApiError as the switchover service; an unknown node, a hypervisor and a node that does not run are 400 here
   */
  async set (node: string, sources: StateSources, requestedBy: string | null, ifMatch: string | undefined, client?: Client): Promise<CoordinatorStateAnswer> {
    const state = stateArgument(['primary', 'secondary'], sources)
    const epoch = expectedEpoch(ifMatch, this.#switchovers.presentEpoch)
    if (epoch === undefined) checkTags(ifMatch)
    if (!isNodeName(node)) throw noSuchNode(node)
    const request: SwitchoverRequest = {
      to: state === 'primary' ? node : null,
      from: state === 'secondary' ? node : null,
      expectedEpoch: epoch ?? null,
      timeout: null,
      requestedBy,
      reason: null,
    }
    const tag = epoch === undefined ? ifMatch : undefined
    const answer = await this.#switchovers.request(request, client, (keySnapshot) => expecting(tag, node, keySnapshot, judge(node, state, request, keySnapshot))).catch((error: unknown) => {
      // The node went away between the judgement on the view and the one under the lock.
      if (error instanceof ApiError && error.code === 'node_unknown') throw noSuchNode(node)
      throw error
    })
    const { kind } = answer
    const unknown = kind === 'unknown' ? outcomeUnknown(answer.epoch) : null
    return { message: unknown?.message ?? sentences[kind === 'unknown' ? 'committed' : kind](node, state, answer.epoch), location: switchoverUrl(answer.epoch), unknown }
  }
}

const sentences = {
  already: (node: string, state: WantedState) => `Node ${node} is already ${state}.`,
  in_flight: (node: string, state: WantedState, epoch: number) => `Node ${node} is on its way to be ${state}: switchover ${epoch} is in flight.`,
  committed: (node: string, state: WantedState, epoch: number) => `Node ${node} is to be ${state}: switchover ${epoch} has begun.`,
} as const

/** What PVC looks at first, then the rule for every switchover. */
function judge (node: string, state: WantedState, request: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling {
  const member = keySnapshot.members.find(({ name }) => name === node)
  if (member === undefined) throw noSuchNode(node)
  refuseUnable(member)
  const named = keySnapshot.key.value === node
  const already = state === 'primary' ? named && member.coordinatorState === 'primary' && isServing(member) : !named && member.coordinatorState === 'secondary'
  return already && isKnownEpoch(request, epochNow(keySnapshot)) ? { kind: 'already', epoch: epochNow(keySnapshot) } : rule(request, keySnapshot)
}

/** @param tag the `If-Match` of the request, if it is a tag of the node's own coordinator state */
function expecting (tag: string | undefined, node: string, keySnapshot: KeySnapshot, ruling: Ruling): Ruling {
  if (tag === undefined) return ruling
  // Of a retry it is that of a state before.
  const isRetry = ruling.kind === 'already' || ruling.kind === 'in_flight'
  if (isRetry && [...Object.keys(coordinatorStates), UNKNOWN].some((before) => isMatched(tag, etagOf({ name: node, coordinator_state: before })))) return ruling
  const member = keySnapshot.members.find(({ name }) => name === node)
  const state = shownState(member?.coordinatorState ?? null, member?.daemonState ?? null)
  if (isMatched(tag, etagOf({ name: node, coordinator_state: state }))) return ruling
  throw preconditionFailed(`Node ${node} is ${state === UNKNOWN ? 'in no readable state' : state} and not as the ETag in If-Match has it.`, keySnapshot.key.value, epochNow(keySnapshot))
}

function refuseUnable (member: Member): void {
  const codes = incapacityReasons(member).map(({ code }) => code)
  if (codes.includes('not_a_coordinator')) {
    throw new ApiError('node_not_a_coordinator', `Node ${member.name} is not a coordinator and has no coordinator state to change; name a coordinator.`, { outcome: 'not_started' })
  }
  if (codes.includes('not_running')) {
    throw new ApiError('node_not_running', `Node ${member.name} is not running (${member.daemonState ?? 'unknown'}); start its daemon first.`, { outcome: 'not_started' })
  }
}

const noSuchNode = (node: string) => nodeUnknown(node, { status: 400, outcome: 'not_started' })
