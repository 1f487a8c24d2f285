/**
 * Reads a procedure's steps one by one: asks for the operation of each, takes its answer, and decides what a failure leads to. A takeover
 * that cannot be finished becomes a rollback, a rollback that cannot let go becomes visible as such, and anything that says the session or
 * the state is not ours any more ends the life (`turn.lost`).
 */
import { keyAnswerOf, type Activity, type CoordinatorSettings, type NodeAnswer, type NodeOp } from './coordinator-state.ts'
import { epochOf } from '../model/epoch.ts'
import { holdersOf } from '../switchover/handover.ts'
import { beginKeyChange, continueKeyChange, type KeyChange } from './key-change.ts'
import { afterStep, beginProcedure, rollbackPlan, stuckPlan, transitionOf, type Procedure, type ProcedureName, type Step } from './procedure.ts'
import { isOpen, type Closing } from '../model/record.ts'
import { epochNow } from '../switchover/survey.ts'
import type { KnownFailure, Failure } from '../model/transition.ts'
import type { StepContext } from './turn.ts'

type Running = Extract<Activity, { kind: 'procedure' }>

/** Begins a procedure at its first step. */
export function runProcedure (turn: StepContext, procedure: Procedure): void {
  turn.note({ code: 'begun', procedure: procedure.name, epoch: procedure.epoch })
  begin(turn, { kind: 'procedure', procedure, id: 0, change: null, peers: 'asked', doomed: null })
}

/** Asks for the operation of the step in front; steps without one are done in passing. */
function begin (turn: StepContext, running: Running): void {
  const { procedure } = running
  const [now] = procedure.steps
  if (now.do === 'turn_to') return advance(turn, running)
  if (now.do === 'settle') {
    return turn.set({ activity: { ...running, id: turn.delay(turn.state.settings.delays.settleTime) } })
  }
  if (now.do === 'acquire') turn.set({ held: [...turn.state.held.filter((held) => held !== now.resource), now.resource] })
  if (now.do === 'give_back') {
    const { settings: { self } } = turn.state
    const change = beginKeyChange({ kind: 'give_back', node: self, to: procedure.former, epoch: now.epoch }, { underLock: true })
    return turn.set({ activity: { ...running, change, id: turn.do(change.plan[0]) } })
  }
  turn.set({ activity: { ...running, peers: 'asked', id: turn.do(operationOf(now, procedure)) } })
}

function operationOf (now: Exclude<Step, { do: 'turn_to' | 'settle' | 'give_back' }>, procedure: Procedure): NodeOp {
  switch (now.do) {
    case 'lock_role': return { op: 'lock_role' }
    case 'look_again': return { op: 'survey' }
    case 'publish': return { op: 'publish', transition: transitionOf(procedure) }
    case 'enter': return { op: 'write_state', state: now.state }
    case 'announce': return { op: 'write_daemon_state', daemonState: now.daemonState }
    case 'await_release': return { op: 'read_peers' }
    case 'acquire':
    case 'release': return { op: now.do, resource: now.resource, epoch: procedure.epoch }
    case 'confirm': return { op: 'read_record', epoch: now.epoch }
    case 'close_record': return { op: 'conclude', epoch: now.epoch, closing: now.closing }
    case 'unlock':
    case 'hold_sync':
    case 'let_go_sync': return { op: now.do }
  }
}

/** The step in front is done: on to the next, or to the end. */
function advance (turn: StepContext, running: Running): void {
  const [now, next, ...rest] = running.procedure.steps
  const procedure = afterStep(running.procedure, now)
  if (now.do === 'enter') turn.set({ state: now.state })
  if (now.do === 'release') turn.set({ held: turn.state.held.filter((held) => held !== now.resource) })
  if (next === undefined) return finish(turn, procedure)
  // Whom to give the key back to is known only once it has been looked at; if it names another node now, there is nothing to undo.
  const undone = now.do !== 'lock_role' && next.do !== 'unlock'
  if (running.doomed !== null && undone) return rollBack(turn, procedure, running.doomed)
  begin(turn, { ...running, procedure: { ...procedure, steps: [next, ...rest] } })
}

function finish (turn: StepContext, procedure: Procedure): void {
  turn.note({ code: 'finished', procedure: procedure.name, epoch: procedure.epoch })
  turn.set({ activity: { kind: 'idle' } })
  dropBound(turn)
  afterwards[procedure.name](turn, procedure)
}

/** What the end of a procedure changes beside its steps. */
const afterwards: Readonly<Record<ProcedureName, (turn: StepContext, procedure: Procedure) => void>> = {
  start (turn, { error }) {
    if (error !== null) return standBack(turn)
    turn.set({ daemon: turn.state.stopping ? 'shutdown' : 'run', failures: 0 })
  },
  announcement: (turn) => turn.set({ announced: true }),
  takeover (turn) { if (turn.state.state === 'primary') turn.set({ failures: 0 }) },
  rollback: standBack,
  relinquish: (turn) => turn.set({ ailing: null }),
}

/** Milliseconds, after so many failures. */
export const standBackTime = ({ standBack: { first, most } }: CoordinatorSettings, failures: number): number => Math.min(most, first * 2 ** (failures - 1))

/** After a failure here, peers go first, for longer each time. */
export function standBack (turn: StepContext): void {
  const { failures, settings, timers } = turn.state
  if (timers.standBack !== null) turn.cancel(timers.standBack)
  turn.set({ failures: failures + 1 })
  turn.timer('standBack', turn.delay(standBackTime(settings, failures + 1)))
}

function dropBound (turn: StepContext): void {
  const { bound } = turn.state.timers
  if (bound !== null) turn.cancel(bound)
  turn.timer('bound', null)
}

/** Takes the answer to the step in front. */
export function answerProcedure (turn: StepContext, running: Running, answer: NodeAnswer): void {
  const { procedure, doomed } = running
  const [now] = procedure.steps
  if (running.change !== null) return answerGiveBack(turn, { ...running, change: running.change }, answer)
  if (answer.kind === 'done') return onDone(turn, running, now, answer)
  const refused = answer.kind === 'refused' || answer.kind === 'aborted'
  switch (now.do) {
    case 'acquire': return rollBack(turn, procedure, answer.kind === 'aborted' && doomed !== null ? doomed : failed(troubleOf(answer, now)))
    case 'release': return onReleaseFailed(turn, running, troubleOf(answer, now))
    // One that could not be deleted now is seen to elsewhere, and goes with the session at the latest.
    case 'unlock':
    case 'let_go_sync': return advance(turn, running)
    // To let go is right whether or not the peer waits for it.
    case 'hold_sync':
      if (refused) return advance(turn, running)
      break
    case 'lock_role':
      if (refused) return giveUp(turn, procedure, doomed === null ? 'the key names another node now, or the lock cannot be had' : 'its bound has passed')
      break
    case 'close_record':
      if (refused) return advance(turn, running)
  }
  turn.lost = refused ? `${now.do} was refused: somebody else has written this node's state` : `${now.do}: the session ended`
}

const troubleOf = (answer: NodeAnswer, now: Extract<Step, { do: 'acquire' | 'release' }>): Failure =>
  (answer.kind === 'refused' ? answer.trouble : undefined) ??
  { code: `${now.do}_aborted`, resource: now.resource, message: `${now.do} of ${now.resource} was stopped.` } satisfies KnownFailure

const failed = (error: Failure): Closing => ({ outcome: 'failed', error })

function onDone (turn: StepContext, running: Running, now: Step, answer: Extract<NodeAnswer, { kind: 'done' }>): void {
  const { procedure } = running
  switch (now.do) {
    case 'look_again': {
      const { settings: { self } } = turn.state
      const { survey } = answer
      const record = survey?.records.find((stored) => stored.record.epoch === procedure.epoch)?.record
      // An epoch whose record is closed, or is another node's (a blind write took the version it was made for), belongs to a switchover
      // that is over: this node lets go of the lock, and writes its name again for an epoch of its own.
      const usable = record === undefined || (isOpen(record) && record.to === self)
      const mine = survey?.key.value === self && epochNow(survey) === procedure.epoch && usable
      if (!mine) return advance(turn, { ...running, procedure: { ...procedure, steps: [now, { do: 'unlock' }] } })
      return advance(turn, { ...running, procedure: { ...procedure, former: record?.from ?? null } })
    }
    case 'await_release': {
      const holders = answer.members === undefined ? ['unknown'] : holdersOf(now.resource, turn.state.settings.self, answer.members)
      if (holders.length === 0) return advance(turn, running)
      if (running.peers === 'asked_and_moved') return begin(turn, running)
      return turn.set({ activity: { ...running, peers: 'waiting' } })
    }
    case 'confirm':
      return answer.record == null || isOpen(answer.record) ? advance(turn, running) : rollBack(turn, procedure, null)
    default: return advance(turn, running)
  }
}

function giveUp (turn: StepContext, procedure: Procedure, reason: string): void {
  turn.note({ code: 'given_up', procedure: procedure.name, epoch: procedure.epoch, reason })
  dropBound(turn)
  turn.set({ activity: { kind: 'idle' } })
}

/** @param closing how the switchover ends; null if somebody has closed it */
function rollBack (turn: StepContext, procedure: Procedure, closing: Closing | null): void {
  const error = closing?.error ?? null
  if (error !== null) turn.note({ code: 'trouble', procedure: procedure.name, epoch: procedure.epoch, trouble: error })
  dropBound(turn)
  const { former, since } = procedure
  // A takeover is always for the epoch that was spent last.
  const { held, spentEpoch: epoch } = turn.state
  runProcedure(turn, beginProcedure('rollback', rollbackPlan(held, epoch, closing), since, {
    epoch, former, error, of: procedure.of, done: procedure.done,
  }))
}

/** It cannot let go: shown as such, with what it did let go of. From a rollback, the switchover is closed all the same. */
function onReleaseFailed (turn: StepContext, running: Running, error: Failure): void {
  const { procedure } = running
  turn.note({ code: 'trouble', procedure: procedure.name, epoch: procedure.epoch, trouble: error })
  turn.selfFence(error)
  if (procedure.name === 'rollback') standBack(turn)
  const plan = procedure.name === 'rollback' ? stuckPlan(procedure.steps) : [{ do: 'publish' }] as const
  begin(turn, { ...running, procedure: { ...procedure, name: procedure.name === 'start' ? 'start' : 'relinquish', error, steps: plan } })
}

function answerGiveBack (turn: StepContext, running: Running & { change: KeyChange }, answer: NodeAnswer): void {
  const { change } = running
  const progress = continueKeyChange(change, keyAnswerOf(answer), turn.wall)
  if (!progress.done) return turn.set({ activity: { ...running, change: progress.change, id: turn.do(progress.change.plan[0]) } })
  const { outcome } = progress
  turn.note({ code: 'key_changed', intent: 'give_back', outcome: outcome.kind, epoch: outcome.kind === 'committed' ? outcome.record.epoch : null })
  if (outcome.kind === 'not_started' || outcome.kind === 'unknown') {
    turn.lost = 'giving the key back: the session ended'
    return
  }
  advance(turn, { ...running, change: null })
}

/** The bound of the takeover has passed: nothing more is begun, and what goes on is stopped. Once `primary` is being written it is too late for that. */
export function doom (turn: StepContext, activity: Running): void {
  const [now] = activity.procedure.steps
  if (now.do === 'unlock' || (now.do === 'enter' && now.state === 'primary')) return
  const doomed: Closing = { outcome: 'timed_out' }
  if (now.do === 'await_release' || now.do === 'settle') {
    if (now.do === 'settle') turn.cancel(activity.id)
    return rollBack(turn, activity.procedure, doomed)
  }
  if (now.do === 'acquire' || now.do === 'lock_role') turn.cancel(activity.id)
  turn.set({ activity: { ...activity, doomed } })
}

/** A taker that waits for the lock gives up as soon as the key no longer names it at its epoch. */
export function roleMoved (turn: StepContext, running: Running): void {
  const { view, settings } = turn.state
  if (running.procedure.steps[0].do !== 'lock_role' || view === null) return
  if (view.key.value !== settings.self || epochOf(view.key, view.ledger) !== running.procedure.epoch) turn.cancel(running.id)
}

/** A taker that waits for its peers reads them again whenever anything has moved. */
export function peersMoved (turn: StepContext): void {
  const { activity } = turn.state
  if (activity.kind !== 'procedure' || activity.procedure.steps[0].do !== 'await_release') return
  if (activity.peers === 'waiting') return begin(turn, activity)
  turn.set({ activity: { ...activity, peers: 'asked_and_moved' } })
}
