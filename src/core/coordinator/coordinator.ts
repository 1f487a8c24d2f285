/**
 * The coordinator machine: `step(state, event) → { state, effects }`, pure. One activity at a time, one operation in flight for it, and
 * every answer carries the number of the operation it belongs to; answers to anything given up are dropped here, once.
 *
 * Invariants: a node is `takeover` only while it holds the primary lock; a resource is acquired only after every peer has let go of it;
 * what may be held is in `held` from before its acquisition until after its release; a lost lease releases everything and ends this life.
 */
import { keyAnswerOf, type Coordinator, type CoordinatorEvent, type Effect, type NodeAnswer } from './coordinator-state.ts'
import { decide, type Decision } from './decision.ts'
import { isAsSeen, type RestingIntent } from './intent.ts'
import { beginKeyChange, continueKeyChange, type KeyOutcome } from './key-change.ts'
import { beginProcedure, relinquishPlan, startPlan, takeoverPlan } from './procedure.ts'
import { answerProcedure, doom, peersMoved, roleMoved, runProcedure, standBack } from './procedure-runner.ts'
import { unreachable } from '../model/states.ts'
import type { Failure } from '../model/transition.ts'
import { StepContext } from './turn.ts'

export function step (state: Coordinator, event: CoordinatorEvent): { state: Coordinator, effects: readonly Effect[] } {
  const turn = new StepContext(state, event.wall)
  switch (event.type) {
    case 'view': onView(turn, event.view); break
    case 'answer': onAnswer(turn, event.id, event.answer); break
    case 'elapsed': onElapsed(turn, event.id); break
    case 'lost': demote(turn, event.reason); break
    case 'readiness': turn.set({ unready: event.trouble }); break
    case 'shutdown': onShutdown(turn); break
    case 'resource_lost': onResourceLost(turn, event.trouble); break
    default: unreachable(event)
  }
  if (turn.lost !== null) demote(turn, turn.lost)
  if (turn.state.activity.kind === 'idle') consider(turn)
  return { state: turn.state, effects: turn.effects }
}

function onView (turn: StepContext, view: NonNullable<Coordinator['view']>): void {
  turn.set({ view })
  const { activity } = turn.state
  if (activity.kind === 'procedure') {
    roleMoved(turn, activity)
    peersMoved(turn)
  }
  const waits = activity.kind === 'key_change' && activity.change.plan[0].op === 'lock'
  if (waits && !isAsSeen(view.key, activity.intent.seen)) turn.cancel(activity.id)
}

function onAnswer (turn: StepContext, id: number, answer: NodeAnswer): void {
  const { activity } = turn.state
  if (!('id' in activity) || activity.id !== id) return
  switch (activity.kind) {
    case 'procedure': return answerProcedure(turn, activity, answer)
    case 'key_change': {
      const progress = continueKeyChange(activity.change, keyAnswerOf(answer), turn.wall)
      if (progress.done) return endKeyChange(turn, activity.intent, progress.outcome)
      return turn.set({ activity: { ...activity, change: progress.change, id: turn.do(progress.change.plan[0]) } })
    }
    case 'demotion': return continueDemotion(turn, activity.left, answer)
    default: return unreachable(activity)
  }
}

function endKeyChange (turn: StepContext, intent: RestingIntent, outcome: KeyOutcome): void {
  const epoch = outcome.kind === 'committed' ? outcome.record.epoch : null
  turn.note({ code: 'key_changed', intent: intent.kind, outcome: outcome.kind, epoch })
  turn.set({ activity: { kind: 'idle' }, tried: { intent: intent.kind, seen: intent.seen } })
  const handedOn = intent.kind === 'free' && intent.cause === 'repair' && epoch !== null
  if (!handedOn) return
  turn.set({ ailing: null })
  standBack(turn)
}

/** Handed on if a peer could take over; while this node stands back from the last time, it keeps what it has. */
function onResourceLost (turn: StepContext, trouble: Failure): void {
  const { state, timers, spentEpoch: epoch } = turn.state
  if (state !== 'primary' || timers.standBack !== null) return
  turn.note({ code: 'trouble', procedure: 'primary', epoch, trouble })
  turn.set({ ailing: trouble })
}

function onElapsed (turn: StepContext, id: number): void {
  const { timers, activity } = turn.state
  if (timers.idle?.id === id) {
    const { subject } = timers.idle
    turn.idle(null)
    return lookAgain(turn, subject)
  }
  if (timers.bound === id && activity.kind === 'procedure') {
    turn.timer('bound', null)
    return doom(turn, activity)
  }
  if (timers.standBack === id) return turn.timer('standBack', null)
  if (timers.handover === id) {
    turn.timer('handover', null)
    return turn.set({ handoverOver: true })
  }
  if (activity.kind === 'procedure' && activity.id === id) answerProcedure(turn, activity, { kind: 'done' })
}

function onShutdown (turn: StepContext): void {
  const { stopping, daemon, settings } = turn.state
  if (stopping) return
  turn.set({ stopping: true, daemon: daemon === 'run' ? 'shutdown' : daemon })
  turn.timer('handover', turn.delay(settings.delays.handoverTimeout))
}

/** What to do at rest: begun at once, or after a delay that starts anew whenever the subject changes. */
function consider (turn: StepContext): void {
  const decision = decide(standingOf(turn.state), turn.state.view)
  const after = 'after' in decision ? decision.after : 0
  const subject = subjectOf(decision)
  const { idle } = turn.state.timers
  if (idle !== null && (idle.subject !== subject || after === 0)) {
    turn.cancel(idle.id)
    turn.idle(null)
  }
  if (decision.do === 'nothing') return
  if (after === 0) return perform(turn, decision)
  if (turn.state.timers.idle === null) turn.idle({ id: turn.delay(after), subject })
}

/** The delay is over: done now if the same is still wanted. */
function lookAgain (turn: StepContext, subject: string): void {
  const decision = decide(standingOf(turn.state), turn.state.view)
  if (decision.do !== 'nothing' && subjectOf(decision) === subject) perform(turn, decision)
}

const subjectOf = (decision: Decision): string => JSON.stringify(decision)

const standingOf = (state: Coordinator) => ({
  ...state,
  self: state.settings.self,
  delays: state.settings.delays,
  backingOff: state.timers.standBack !== null,
})

function perform (turn: StepContext, decision: Exclude<Decision, { do: 'nothing' }>): void {
  const { settings: { self, resources, handover, mode } } = turn.state
  switch (decision.do) {
    case 'start': {
      const plan = startPlan(resources, mode === 'coordinator' ? 'secondary' : 'client')
      return runProcedure(turn, beginProcedure('start', plan, turn.wall))
    }
    case 'announce_shutdown':
      return runProcedure(turn, beginProcedure('announcement', [{ do: 'announce', daemonState: 'shutdown' }], turn.wall))
    case 'leave':
      turn.end('left')
      return turn.set({ activity: { kind: 'ended' } })
    case 'adopt': return changeKey(turn, { kind: 'adopt', seen: decision.seen })
    case 'free': return changeKey(turn, { kind: 'free', node: self, cause: decision.cause, reason: decision.reason, seen: decision.seen })
    case 'decline': return changeKey(turn, { kind: 'decline', node: self, error: decision.trouble, seen: decision.seen })
    case 'rewrite': return changeKey(turn, { kind: 'rewrite', node: self, cause: 'restart', seen: decision.seen })
    case 'contend': return changeKey(turn, { kind: 'contend', node: self, cause: decision.cause, past: decision.past, seen: decision.seen })
    case 'takeover': return beginTakeover(turn, decision.epoch)
    default: {
      const plan = relinquishPlan(handover ?? resources.toReversed(), { toPvcPeer: namesPvcPeer(turn.state.view) })
      return runProcedure(turn, beginProcedure(decision.do, plan, turn.wall, { epoch: decision.epoch }))
    }
  }
}

const namesPvcPeer = (view: Coordinator['view']) =>
  view?.members.some((member) => member.name === view.key.value && !member.ours) === true

function changeKey (turn: StepContext, intent: RestingIntent): void {
  const change = beginKeyChange(intent, { underLock: false })
  turn.set({ activity: { kind: 'key_change', intent, change, id: turn.do(change.plan[0]) } })
}

/** Seconds that an unrecorded switchover is given. */
const UNRECORDED_BOUND = 60

function beginTakeover (turn: StepContext, epoch: number): void {
  const { view, settings } = turn.state
  const seconds = view?.records.find((record) => record.epoch === epoch)?.timeout ?? UNRECORDED_BOUND
  turn.set({ spentEpoch: epoch })
  turn.timer('bound', turn.delay(Math.max(0, seconds * 1000 - settings.delays.transitionDelay)))
  runProcedure(turn, beginProcedure('takeover', takeoverPlan(settings.resources, epoch), turn.wall, { epoch }))
}

/** Everything that may be held is released, on this machine's own authority; what goes on is stopped and waited for first. */
function demote (turn: StepContext, reason: string): void {
  turn.lost = null
  const { activity, held, timers } = turn.state
  if (activity.kind === 'demotion' || activity.kind === 'ended') return
  turn.note({ code: 'demoted', reason, held })
  for (const timer of [timers.idle?.id, timers.bound, timers.standBack, timers.handover]) if (timer != null) turn.cancel(timer)
  turn.set({ timers: { idle: null, bound: null, standBack: null, handover: null } })
  const underWay = activity.kind === 'idle' ? null : activity.id
  const doing = activity.kind === 'procedure' ? activity.procedure.steps[0].do : null
  if (underWay !== null && doing !== 'release') turn.cancel(underWay)
  if (underWay !== null && (doing === 'acquire' || doing === 'release')) {
    return turn.set({ activity: { kind: 'demotion', id: underWay, left: held } })
  }
  releaseNext(turn, held)
}

function continueDemotion (turn: StepContext, left: readonly string[], answer: NodeAnswer): void {
  if (answer.kind === 'refused' && answer.trouble !== undefined) turn.selfFence(answer.trouble)
  releaseNext(turn, left)
}

function releaseNext (turn: StepContext, left: readonly string[]): void {
  const resource = left.at(-1)
  if (resource === undefined) {
    turn.end('demoted')
    return turn.set({ activity: { kind: 'ended' }, held: [] })
  }
  turn.set({ activity: { kind: 'demotion', id: turn.do({ op: 'release', resource, epoch: null }), left: left.slice(0, -1) } })
}
