/**
 * Reads a procedure's steps one by one: asks for the operation of each, takes its answer, and decides what a failure leads to. A takeover
 * that cannot be finished becomes a rollback, a rollback that cannot release becomes visible as such, and anything that says the session or
 * the state is not ours any more ends the life (`context.lost`).
 */
import { keyAnswerOf, type Activity, type CoordinatorSettings, type NodeAnswer, type NodeOp } from './coordinator-state.ts'
import { epochOf } from '../model/epoch.ts'
import { isPresent, type Member } from '../model/member.ts'
import { namesInWords } from '../model/names-in-words.ts'
import { holdersOf, isKeptFromReleasing, unconfirmedHolders } from '../switchover/handover.ts'
import { beginKeyChange, continueKeyChange, deniedBy, type KeyChange } from './key-change.ts'
import { afterStep, beginProcedure, rollbackPlan, stuckPlan, transitionOf, type Procedure, type ProcedureName, type Step } from './procedure.ts'
import { isAfterLoss, isOpen, type Closing } from '../model/record.ts'
import { epochNow } from '../switchover/key-snapshot.ts'
import type { KnownFailure, Failure } from '../model/transition.ts'
import type { StepContext } from './step-context.ts'

type Running = Extract<Activity, { kind: 'procedure' }>

/** Begins a procedure at its first step. */
export function runProcedure (context: StepContext, procedure: Procedure): void {
  context.note({ code: 'begun', procedure: procedure.name, epoch: procedure.epoch })
  begin(context, { kind: 'procedure', procedure, id: 0, change: null, peers: 'asked', doomed: null })
}

/** Asks for the operation of the step in front; steps without one are done in passing. */
function begin (context: StepContext, running: Running): void {
  const { procedure } = running
  const [now] = procedure.steps
  if (now.do === 'turn_to') return advance(context, running)
  if (now.do === 'settle') {
    return context.set({ activity: { ...running, id: context.delay(context.state.settings.delays.settleTime) } })
  }
  if (now.do === 'acquire') context.set({ held: [...context.state.held.filter((held) => held !== now.resource), now.resource] })
  if (now.do === 'give_back') {
    const { settings: { self } } = context.state
    const change = beginKeyChange({ kind: 'give_back', node: self, to: procedure.former, epoch: now.epoch }, { underLock: true })
    return context.set({ activity: { ...running, change, id: context.do(change.plan[0]) } })
  }
  context.set({ activity: { ...running, peers: 'asked', id: context.do(operationOf(now, procedure)) } })
}

function operationOf (now: Exclude<Step, { do: 'turn_to' | 'settle' | 'give_back' }>, procedure: Procedure): NodeOp {
  switch (now.do) {
    case 'lock_role': return { op: 'lock_role' }
    case 'look_again': return { op: 'read_snapshot' }
    case 'publish': return { op: 'publish', transition: transitionOf(procedure) }
    case 'enter': return { op: 'write_state', state: now.state }
    case 'announce': return { op: 'write_daemon_state', daemonState: now.daemonState }
    case 'look_at_peers':
    case 'await_release': return { op: 'read_peers' }
    case 'acquire':
    case 'release': return { op: now.do, resource: now.resource, epoch: procedure.epoch }
    case 'confirm': return { op: 'read_record', epoch: now.epoch }
    case 'close_record': return { op: 'conclude', epoch: now.epoch, closing: now.closing }
    case 'unlock':
    case 'guard_sync':
    case 'hold_sync':
    case 'release_sync': return { op: now.do }
  }
}

/** The step in front is done: on to the next, or to the end. */
function advance (context: StepContext, running: Running): void {
  const [now, next, ...rest] = running.procedure.steps
  const procedure = afterStep(running.procedure, now)
  if (now.do === 'enter') context.set({ state: now.state, releaseFailure: now.state === 'relinquish' ? context.state.releaseFailure : null })
  if (now.do === 'release_sync') context.set({ guard: 'none' })
  if (now.do === 'release') context.set({ held: context.state.held.filter((held) => held !== now.resource) })
  if (next === undefined) return finish(context, procedure)
  // Whom to give the key back to is known only once it has been looked at; if it names another node now, there is nothing to undo.
  const undone = now.do !== 'lock_role' && next.do !== 'unlock'
  if (running.doomed !== null && undone) return rollBack(context, procedure, running.doomed)
  begin(context, { ...running, procedure: { ...procedure, steps: [next, ...rest] } })
}

function finish (context: StepContext, procedure: Procedure): void {
  const { name, epoch, error: failure } = procedure
  context.note({ code: 'finished', procedure: name, epoch, failure, ...name === 'takeover' && context.state.state !== 'primary' ? { idle: true } : {} })
  context.set({ activity: { kind: 'idle' } })
  dropBound(context)
  afterwards[procedure.name](context, procedure)
}

/** What the end of a procedure changes beside its steps. */
const afterwards: Readonly<Record<ProcedureName, (context: StepContext, procedure: Procedure) => void>> = {
  start (context, { error }) {
    if (error !== null) return backOff(context)
    context.set({ daemon: context.state.stopping ? 'shutdown' : 'run', failures: 0 })
  },
  announcement: (context) => context.set({ announced: true }),
  guard: () => {},
  takeover (context) { if (context.state.state === 'primary') context.set({ failures: 0 }) },
  rollback: backOff,
  relinquish: (context) => context.set({ lostResource: null }),
}

/** Milliseconds, after so many failures. */
export const backoffTime = ({ backoff: { first, most } }: CoordinatorSettings, failures: number): number => Math.min(most, first * 2 ** (failures - 1))

/** After a failure here, peers go first, for longer each time. */
export function backOff (context: StepContext): void {
  const { failures, settings, timers } = context.state
  if (timers.backoff !== null) context.cancel(timers.backoff)
  context.set({ failures: failures + 1 })
  context.timer('backoff', context.delay(backoffTime(settings, failures + 1)))
}

function dropBound (context: StepContext): void {
  const { bound } = context.state.timers
  if (bound !== null) context.cancel(bound)
  context.timer('bound', null)
}

/** Takes the answer to the step in front. */
export function answerProcedure (context: StepContext, running: Running, answer: NodeAnswer): void {
  const { procedure, doomed } = running
  const [now] = procedure.steps
  if (running.change !== null) return answerGiveBack(context, { ...running, change: running.change }, answer)
  if (answer.kind === 'done') return onDone(context, running, now, answer)
  const refused = answer.kind === 'refused' || answer.kind === 'aborted'
  switch (now.do) {
    case 'acquire': return rollBack(context, procedure, answer.kind === 'aborted' && doomed !== null ? doomed : failed(troubleOf(answer, now)))
    case 'release': return onReleaseFailed(context, running, troubleOf(answer, now))
    // One that could not be deleted now is seen to elsewhere, and goes with the session at the latest.
    case 'unlock':
    case 'release_sync': return advance(context, running)
    // To release is right whether or not the peer waits for it, and a primary at rest tries again.
    case 'guard_sync':
    case 'hold_sync':
      if (refused || answer.kind === 'denied') {
        if (now.do === 'guard_sync') context.set({ guard: answer.kind === 'aborted' ? 'none' : 'refused' })
        return advance(context, running)
      }
      break
    case 'lock_role':
      if (answer.kind === 'denied') {
        giveUp(context, procedure, answer.denial.message)
        return backOff(context)
      }
      if (refused) return giveUp(context, procedure, whyWithoutLock(doomed))
      break
    case 'close_record':
      if (refused || answer.kind === 'denied') return advance(context, running)
  }
  context.lost = refused ? `${now.do} was refused: another writer has changed this node's state` : `${now.do}: ${answer.kind === 'denied' ? answer.denial.message : 'the session ended'}`
}

/** Why a takeover ends that never had the lock. */
function whyWithoutLock (doomed: Closing | null): string {
  if (doomed === null) return 'the key names another node now, or the lock cannot be had'
  return doomed.outcome === 'timed_out' ? 'its bound has passed' : 'this node was told to stop'
}

const troubleOf = (answer: NodeAnswer, now: Extract<Step, { do: 'acquire' | 'release' }>): Failure =>
  (answer.kind === 'refused' ? answer.failure : undefined) ??
  { code: `${now.do}_aborted`, resource: now.resource, message: `${now.do} of ${now.resource} was stopped.` } satisfies KnownFailure

const failed = (error: Failure): Closing => ({ outcome: 'failed', error })

function onDone (context: StepContext, running: Running, now: Step, answer: Extract<NodeAnswer, { kind: 'done' }>): void {
  const { procedure } = running
  switch (now.do) {
    case 'look_again': {
      const { settings: { self } } = context.state
      const { keySnapshot } = answer
      const recordOf = (epoch: number | null) => keySnapshot?.records.find((stored) => stored.record.epoch === epoch)?.record
      const record = recordOf(procedure.epoch) ?? recordOf(procedure.recordEpoch)
      // An epoch whose record is closed, or is another node's (a blind write took the version it was made for), belongs to a switchover
      // that is over: this node releases the lock, and writes its name again for an epoch of its own.
      const usable = record === undefined || (isOpen(record) && record.to === self)
      const mine = keySnapshot?.key.value === self && epochNow(keySnapshot) === procedure.epoch && usable
      if (!mine) return advance(context, { ...running, procedure: { ...procedure, steps: [now, { do: 'unlock' }] } })
      return advance(context, { ...running, procedure: { ...procedure, former: record === undefined || isAfterLoss(record) ? null : record.from } })
    }
    case 'await_release': {
      const holders = answer.members === undefined ? ['unknown'] : holdersOf(now.resource, context.state.settings.self, answer.members)
      if (holders.length === 0) return advance(context, running)
      const pvcTaker = answer.members?.find(waitsForLock)
      // The key names this node and named that one before: each would wait for the other until the bound.
      if (pvcTaker !== undefined) return rollBack(context, procedure, failed(pvcTakesOver(pvcTaker.name, now.resource)))
      const closing = superseded(context)
      if (closing !== null) return rollBack(context, procedure, closing)
      if (running.peers === 'asked_and_moved') return begin(context, running)
      const silent = unconfirmedHolders(context.state.settings.self, answer.members ?? [])
      if (silent.length > 0) context.note({ code: 'waits', procedure: procedure.name, epoch: procedure.epoch, resource: now.resource, nodes: silent })
      return context.set({ activity: { ...running, peers: 'waiting' } })
    }
    case 'look_at_peers':
      return answer.members !== undefined && isKeptFromReleasing(answer.members) ? advance(context, running) : finish(context, procedure)
    case 'guard_sync':
    case 'hold_sync':
      context.set({ guard: 'held' })
      return advance(context, running)
    case 'confirm':
      return answer.record == null || isOpen(answer.record) ? advance(context, running) : rollBack(context, procedure, null)
    default: return advance(context, running)
  }
}

function giveUp (context: StepContext, procedure: Procedure, reason: string): void {
  context.note({ code: 'given_up', procedure: procedure.name, epoch: procedure.epoch, reason })
  dropBound(context)
  context.set({ activity: { kind: 'idle' } })
}

/** @param closing how the switchover ends; null if another process has closed it */
function rollBack (context: StepContext, procedure: Procedure, closing: Closing | null): void {
  const error = closing?.error ?? null
  if (error !== null) context.note({ code: 'failure', procedure: procedure.name, epoch: procedure.epoch, failure: error })
  dropBound(context)
  const { former, since, recordEpoch } = procedure
  // A takeover is always for the epoch that was spent last.
  const { held, guard, spentEpoch: epoch } = context.state
  runProcedure(context, beginProcedure('rollback', rollbackPlan(held, epoch, closing, recordEpoch, guard === 'held'), since, {
    epoch, recordEpoch, former, error, of: procedure.of, done: procedure.done,
  }))
}

/** It cannot release: shown as such, with what it did release. From a rollback, the switchover is closed all the same. */
function onReleaseFailed (context: StepContext, running: Running, error: Failure): void {
  const { procedure } = running
  context.note({ code: 'failure', procedure: procedure.name, epoch: procedure.epoch, failure: error })
  context.selfFence(error)
  context.set({ releaseFailure: error })
  if (procedure.name === 'rollback') backOff(context)
  const plan = procedure.name === 'rollback' ? stuckPlan(procedure.steps) : [{ do: 'publish' }] as const
  begin(context, { ...running, procedure: { ...procedure, name: procedure.name === 'start' ? 'start' : 'relinquish', error, steps: plan } })
}

function answerGiveBack (context: StepContext, running: Running & { change: KeyChange }, answer: NodeAnswer): void {
  const { change } = running
  const progress = continueKeyChange(change, keyAnswerOf(answer), context.wall)
  if (!progress.done) return context.set({ activity: { ...running, change: progress.change, id: context.do(progress.change.plan[0]) } })
  const { outcome } = progress
  context.note({ code: 'key_changed', intent: 'give_back', outcome: outcome.kind, epoch: outcome.kind === 'committed' ? outcome.record.epoch : null, ...deniedBy(outcome) })
  if (outcome.kind === 'not_started' || outcome.kind === 'unknown') {
    context.lost = 'giving the key back: the session ended'
    return
  }
  advance(context, { ...running, change: null })
}

/** How a takeover ends whose bound has passed: with what it has waited for. */
export function timedOut (context: StepContext, { procedure: { steps: [now] } }: Running): Closing {
  const { settings: { self }, view } = context.state
  const holders = now.do === 'await_release' ? holdersOf(now.resource, self, view!.members) : []
  if (now.do !== 'await_release' || holders.length === 0) return { outcome: 'timed_out' }
  const silent = unconfirmedHolders(self, view!.members).filter((name) => holders.includes(name))
  const message = `${namesInWords(holders)} had not released ${now.resource} when the bound of the switchover had passed${silent.length === 0 ? '' : `; ${namesInWords(silent)} cannot be asked`}.`
  return { outcome: 'timed_out', error: { code: 'not_released', resource: now.resource, message } satisfies KnownFailure }
}

/** The takeover is to end: nothing more is begun, and what is running is stopped. Once `primary` is being written it is too late for that. */
export function doom (context: StepContext, activity: Running, doomed: Closing): void {
  const [now] = activity.procedure.steps
  if (now.do === 'unlock' || now.do === 'guard_sync' || (now.do === 'enter' && now.state === 'primary')) return
  if (now.do === 'await_release' || now.do === 'settle') {
    if (now.do === 'settle') context.cancel(activity.id)
    return rollBack(context, activity.procedure, doomed)
  }
  if (now.do === 'acquire' || now.do === 'lock_role') context.cancel(activity.id)
  context.set({ activity: { ...activity, doomed } })
}

/**
 * A taker that waits for the lock gives up as soon as the key no longer names it at its epoch; or, while it could not release something, once a PVC node in
 * `takeover` waits for that.
 */
export function roleMoved (context: StepContext, running: Running): void {
  const { view, settings, held } = context.state
  if (running.procedure.steps[0].do !== 'lock_role' || view === null) return
  const isAwaited = held.length > 0 && view.members.some(waitsForLock)
  if (isAwaited || view.key.value !== settings.self || epochOf(view.key, view.ledger) !== running.procedure.epoch) context.cancel(running.id)
}

/** A PVC node in `takeover` waits for the lock that a taker holds, and acquires then whatever the key says. */
const waitsForLock = (member: Member): boolean => !member.ours && member.coordinatorState === 'takeover' && isPresent(member)

const pvcTakesOver = (name: string, resource: string): KnownFailure =>
  ({ code: 'peer_in_takeover', resource, message: `${name} runs PVC's daemon, was named before this node and takes over: this takeover gives way to it.` })

/**
 * How a takeover ends that the key no longer names; null while it does. The view is never older than the one that began the takeover.
 */
function superseded ({ state: { view, settings } }: StepContext): Closing | null {
  if (view === null || view.key.value === settings.self) return null
  return { outcome: 'superseded', continued_by: epochOf(view.key, view.ledger) }
}

/**
 * While a taker that the key no longer names waits for its peers, it gives up at once: a peer that keeps its resources, because the key names no fit node
 * or this one itself again, needs the lock that the taker holds, and each would wait for the other until the bound. It gives up in any later step for
 * a PVC node in `takeover`, which waits for that lock, too.
 */
export function giveWay (context: StepContext, running: Running): void {
  const { procedure: { name, steps: [now] }, doomed } = running
  const closing = superseded(context)
  if (name !== 'takeover' || now.do === 'lock_role' || doomed !== null || closing === null) return
  if (now.do === 'await_release' || context.state.view?.members.some(waitsForLock) === true) doom(context, running, closing)
}

/** A taker that waits for its peers reads them again whenever anything has moved. */
export function peersMoved (context: StepContext): void {
  const { activity } = context.state
  if (activity.kind !== 'procedure' || activity.procedure.steps[0].do !== 'await_release') return
  if (activity.peers === 'waiting') return begin(context, activity)
  context.set({ activity: { ...activity, peers: 'asked_and_moved' } })
}
