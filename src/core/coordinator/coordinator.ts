/**
 * The coordinator machine: `step(state, event) → { state, effects }`, pure. One activity at a time, one operation in flight for it, and
 * every answer carries the number of the operation it belongs to; answers to anything given up are dropped here, once.
 *
 * Invariants: a node is `takeover` only while it holds the primary lock; a resource is acquired only after every peer has released it;
 * what may be held is in `held` from before its acquisition until after its release; a lost lease releases everything and ends this life;
 * a hypervisor's machine never has a view, so it starts, announces its end and leaves, and does nothing else.
 */
import { keyAnswerOf, type Coordinator, type CoordinatorEvent, type Effect, type NodeAnswer } from './coordinator-state.ts'
import { decide, delayOf, type Decision } from './decision.ts'
import { isAsSeen, type RestingIntent } from './intent.ts'
import { beginKeyChange, continueKeyChange, deniedBy, type KeyOutcome } from './key-change.ts'
import { beginProcedure, guardPlan, relinquishPlan, startPlan, takeoverPlan } from './procedure.ts'
import { answerProcedure, doom, peersMoved, roleMoved, runProcedure, timedOut, backOff, giveWay } from './procedure-runner.ts'
import { unreachable } from '../model/states.ts'
import { epochOf } from '../model/epoch.ts'
import { isFit } from '../model/member.ts'
import { continuedRecord, isEcho } from '../switchover/rewrites.ts'
import type { Closing } from '../model/record.ts'
import type { Failure } from '../model/transition.ts'
import { StepContext } from './step-context.ts'

export function step (state: Coordinator, event: CoordinatorEvent): { state: Coordinator, effects: readonly Effect[] } {
  const context = new StepContext(state, event.wall)
  switch (event.type) {
    case 'view': if (state.settings.mode === 'coordinator') onView(context, event.view); break
    case 'begin': break
    case 'answer': onAnswer(context, event.id, event.answer); break
    case 'elapsed': onElapsed(context, event.id); break
    case 'lost': demote(context, event.reason); break
    case 'readiness': context.set({ unready: event.failure }); break
    case 'shutdown': onShutdown(context); break
    case 'resource_lost': onResourceLost(context, event.failure); break
    case 'resource_regained': if (context.state.lostResource?.resource === event.resource) context.set({ lostResource: null }); break
    default: unreachable(event)
  }
  if (context.lost !== null) demote(context, context.lost)
  if (context.state.activity.kind === 'idle') consider(context)
  return { state: context.state, effects: context.effects }
}

function onView (context: StepContext, view: NonNullable<Coordinator['view']>): void {
  context.set({ view })
  const { activity } = context.state
  if (activity.kind === 'procedure') {
    roleMoved(context, activity)
    giveWay(context, activity)
    peersMoved(context)
    unguarded(context)
  }
  const waits = activity.kind === 'key_change' && activity.change.plan[0].op === 'lock'
  if (waits && !isAsSeen(view.key, activity.intent.seen)) context.cancel(activity.id)
}

function onAnswer (context: StepContext, id: number, answer: NodeAnswer): void {
  const { activity } = context.state
  if (!('id' in activity) || activity.id !== id) return
  switch (activity.kind) {
    case 'procedure': return answerProcedure(context, activity, answer)
    case 'key_change': {
      const progress = continueKeyChange(activity.change, keyAnswerOf(answer), context.wall)
      if (progress.done) return endKeyChange(context, activity.intent, progress.outcome)
      return context.set({ activity: { ...activity, change: progress.change, id: context.do(progress.change.plan[0]) } })
    }
    case 'demotion': return continueDemotion(context, activity.left, answer)
    default: return unreachable(activity)
  }
}

function endKeyChange (context: StepContext, intent: RestingIntent, outcome: KeyOutcome): void {
  const epoch = outcome.kind === 'committed' ? outcome.record.epoch : null
  context.note({ code: 'key_changed', intent: intent.kind, outcome: outcome.kind, epoch, ...deniedBy(outcome) })
  context.set({ activity: { kind: 'idle' }, tried: { intent: intent.kind, seen: intent.seen } })
  const handedOn = intent.kind === 'free' && intent.cause === 'repair' && epoch !== null
  if (!handedOn) return
  context.set({ lostResource: null })
  backOff(context)
}

/** Handed on if a peer could take over; while this node backs off from the last time, it keeps what it has. */
function onResourceLost (context: StepContext, failure: Failure): void {
  const { state, timers, spentEpoch: epoch } = context.state
  if (state !== 'primary' || timers.backoff !== null) return
  context.note({ code: 'failure', procedure: 'primary', epoch, failure })
  context.set({ lostResource: failure })
}

function onElapsed (context: StepContext, id: number): void {
  const { timers, activity } = context.state
  if (timers.idle?.id === id) {
    const { subject } = timers.idle
    context.idle(null)
    return lookAgain(context, subject)
  }
  if (timers.bound === id && activity.kind === 'procedure') {
    context.timer('bound', null)
    return doom(context, activity, timedOut(context, activity))
  }
  if (timers.backoff === id) return context.timer('backoff', null)
  if (timers.handover === id) {
    context.timer('handover', null)
    return context.set({ handoverOver: true })
  }
  if (activity.kind === 'procedure' && activity.id === id) answerProcedure(context, activity, { kind: 'done' })
}

function onShutdown (context: StepContext): void {
  const { stopping, daemon, settings, activity } = context.state
  if (stopping) return
  context.set({ stopping: true, daemon: daemon === 'run' ? 'shutdown' : daemon })
  unguarded(context)
  // It may wait for its peers, for the lock or for a command for as long as its bound, only to hand the role over afterwards.
  if (activity.kind === 'procedure' && activity.procedure.name === 'takeover' && activity.doomed === null) doom(context, activity, toldToStop(settings.self))
  context.timer('handover', context.delay(settings.delays.handoverTimeout))
}

const toldToStop = (self: string): Closing =>
  ({ outcome: 'failed', error: { code: 'acquire_aborted', resource: null, message: `${self} was told to stop while it took over: it gives the key back.` } })

/** A guard that is waited for holds nothing up. */
function unguarded (context: StepContext): void {
  const { activity, view, settings: { self }, stopping } = context.state
  if (activity.kind !== 'procedure' || activity.procedure.name !== 'guard') return
  if (stopping || view?.key.value !== self || view.members.some((member) => !member.ours && isFit(member) && member.coordinatorState === 'takeover')) context.cancel(activity.id)
}

/** What to do at rest: begun at once, or after a delay that starts again whenever the subject changes. */
function consider (context: StepContext): void {
  const decision = decide(standingOf(context.state), context.state.view)
  const after = delayOf(decision)
  const subject = subjectOf(decision)
  const { idle } = context.state.timers
  if (idle !== null && (idle.subject !== subject || after === 0)) {
    context.cancel(idle.id)
    context.idle(null)
  }
  if (decision.do === 'nothing') return
  if (after === 0) return perform(context, decision)
  if (context.state.timers.idle === null) context.idle({ id: context.delay(after), subject })
}

/** The delay is over: done now if the same is still wanted. */
function lookAgain (context: StepContext, subject: string): void {
  const decision = decide(standingOf(context.state), context.state.view)
  if (decision.do !== 'nothing' && subjectOf(decision) === subject) perform(context, decision)
}

/** Without the head start of others: whatever they prefer meanwhile, a delay that runs ends when it was to end. */
const subjectOf = (decision: Decision): string => JSON.stringify({ ...decision, headStart: undefined })

const standingOf = (state: Coordinator) => ({
  ...state,
  self: state.settings.self,
  delays: state.settings.delays,
  backingOff: state.timers.backoff !== null,
  echoed: isEchoed(state),
})

function isEchoed ({ settings: { self }, view }: Coordinator): boolean {
  const epoch = view === null ? null : epochOf(view.key, view.ledger)
  if (view === null || epoch === null) return false
  const write = { epoch, value: view.key.value, members: view.members, recordEpochs: view.records.map((record) => record.epoch) }
  return view.records.some((record) => record.to === self && isEcho(record, write))
}

function perform (context: StepContext, decision: Exclude<Decision, { do: 'nothing' }>): void {
  const { settings: { self, resources, handover, mode } } = context.state
  switch (decision.do) {
    case 'start': {
      const plan = startPlan(resources, mode === 'coordinator' ? 'secondary' : 'client')
      return runProcedure(context, beginProcedure('start', plan, context.wall))
    }
    case 'announce_shutdown':
      return runProcedure(context, beginProcedure('announcement', [{ do: 'announce', daemonState: 'shutdown' }], context.wall))
    case 'leave':
      context.end('left')
      return context.set({ activity: { kind: 'ended' } })
    case 'adopt': return changeKey(context, { kind: 'adopt', seen: decision.seen })
    case 'free': return changeKey(context, { kind: 'free', node: self, cause: decision.cause, reason: decision.reason, to: decision.to, seen: decision.seen })
    case 'decline': return changeKey(context, { kind: 'decline', node: self, error: decision.failure, seen: decision.seen })
    case 'reassert': return changeKey(context, { kind: 'reassert', node: self, seen: decision.seen })
    case 'rewrite': return changeKey(context, { kind: 'rewrite', node: self, cause: 'restart', seen: decision.seen })
    case 'contend': return changeKey(context, { kind: 'contend', node: self, cause: decision.cause, past: decision.past, seen: decision.seen })
    case 'takeover': return beginTakeover(context, decision.epoch)
    case 'guard': return runProcedure(context, beginProcedure('guard', guardPlan(decision.wanted), context.wall))
    default: {
      const { held, state, view, releaseFailure } = context.state
      const again = state === 'relinquish'
      // What was released is not taken back, and the failure is shown until its resource is released.
      const released = again ? resources.filter((resource) => !held.includes(resource)) : []
      const left = (handover ?? resources.toReversed()).filter((resource) => !released.includes(resource))
      const plan = relinquishPlan(left, { besidePvc: hasPvcPeer(view), again })
      return runProcedure(context, beginProcedure(decision.do, plan, context.wall, { epoch: decision.epoch, released, error: again ? releaseFailure : null }))
    }
  }
}

/** Whichever node the key names now, it may name a PVC node before everything is released. */
const hasPvcPeer = (view: Coordinator['view']) =>
  view?.members.some((member) => member.mode === 'coordinator' && !member.ours) === true

function changeKey (context: StepContext, intent: RestingIntent): void {
  const change = beginKeyChange(intent, { underLock: false })
  context.set({ activity: { kind: 'key_change', intent, change, id: context.do(change.plan[0]) } })
}

/** Seconds that an unrecorded switchover is given. */
const UNRECORDED_BOUND = 60

function beginTakeover (context: StepContext, epoch: number): void {
  const { view, settings } = context.state
  const record = view?.records.find((each) => each.epoch === epoch) ?? continuedRecord(epoch, settings.self, view?.records)
  const seconds = record?.timeout ?? UNRECORDED_BOUND
  const recordEpoch = record?.epoch ?? epoch
  context.set({ spentEpoch: epoch })
  context.timer('bound', context.delay(Math.max(0, seconds * 1000 - settings.delays.transitionDelay)))
  runProcedure(context, beginProcedure('takeover', takeoverPlan(settings.resources, recordEpoch, { besidePvc: hasPvcPeer(view) }), context.wall, { epoch, recordEpoch }))
}

/** Everything that may be held is released, on this machine's own authority; what is running is stopped and waited for first. */
function demote (context: StepContext, reason: string): void {
  context.lost = null
  const { activity, held, timers } = context.state
  if (activity.kind === 'demotion' || activity.kind === 'ended') return
  context.note({ code: 'demoted', reason, held })
  for (const timer of [timers.idle?.id, timers.bound, timers.backoff, timers.handover]) if (timer != null) context.cancel(timer)
  context.set({ timers: { idle: null, bound: null, backoff: null, handover: null } })
  const running = activity.kind === 'idle' ? null : activity.id
  const doing = activity.kind === 'procedure' ? activity.procedure.steps[0].do : null
  if (running !== null && doing !== 'release') context.cancel(running)
  if (running !== null && (doing === 'acquire' || doing === 'release')) {
    return context.set({ activity: { kind: 'demotion', id: running, left: held } })
  }
  releaseNext(context, held)
}

function continueDemotion (context: StepContext, left: readonly string[], answer: NodeAnswer): void {
  if (answer.kind === 'refused' && answer.failure !== undefined) context.selfFence(answer.failure)
  releaseNext(context, left)
}

function releaseNext (context: StepContext, left: readonly string[]): void {
  const resource = left.at(-1)
  if (resource === undefined) {
    context.end('demoted')
    return context.set({ activity: { kind: 'ended' }, held: [] })
  }
  context.set({ activity: { kind: 'demotion', id: context.do({ op: 'release', resource, epoch: null }), left: left.slice(0, -1) } })
}
