// What an operator may do here: each is asked about first, a refusal is shown beside its button, and success is told.
import { ask } from './api.js'
import { isForceable } from './cluster.js'
import { element, fill, made, setText } from './dom.js'
import { isBegun, isDone } from './forms.js'
import { model } from './model.js'
import { ending } from './past.js'
import { lengthOf, took } from './times.js'

/** Epochs that were asked for here, and are not over. */
const awaited = new Set()

function tell (text, tone = 'ok') {
  element('notice').dataset.tone = tone
  setText('notice', text)
}

/** Takes the answer to the question that is asked; the first one counts. */
let answered = () => {}
element('ask').addEventListener('submit', ({ submitter }) => answered(submitter?.value ?? 'no'))
// Escape closes the dialog, and the event follows later: a dialog that is open again by then asks another question, and has no answer yet.
element('ask').addEventListener('close', () => { if (!element('ask').open) answered('no') })

/**
 * Asks in the dialog. Answers null if it is to be left.
 * @param warnings what to be certain of
 * @param typed what has to be typed first
 */
async function confirmed ({ title, text, warnings = [], yes, wantsReason = false, typed = null, override = null, serious = true }) {
  const dialog = element('ask')
  const button = element('ask-yes')
  setText('ask-title', title)
  setText('ask-text', text)
  fill(element('ask-warnings'), warnings.map((warning) => made('li', {}, warning)))
  for (const [id, wanted] of [['ask-reason-part', wantsReason], ['ask-name-part', typed !== null], ['ask-override-part', override !== null]]) element(id).hidden = !wanted
  for (const id of ['ask-reason', 'ask-name']) element(id).value = ''
  element('ask-override').checked = false
  setText('ask-name-label', `Type ${typed ?? ''} to confirm`)
  setText('ask-override-label', override ?? '')
  setText('ask-yes', yes)
  button.classList.toggle('serious', serious)
  const judge = () => { button.disabled = (typed !== null && element('ask-name').value !== typed) || (override !== null && !element('ask-override').checked) }
  judge()
  dialog.oninput = judge
  dialog.showModal()
  const answer = await new Promise((resolve) => { answered = resolve })
  return answer === 'yes' ? { reason: element('ask-reason').value.trim(), name: element('ask-name').value } : null
}

export function forgetQuestion () {
  element('ask').close()
  for (const [id, text] of [['ask-title', 'Are you sure?'], ['ask-text', ''], ['ask-name-label', 'Type the name to confirm']]) setText(id, text)
  fill(element('ask-warnings'), [])
}

/**
 * One request at a time for each button.
 * @param render shows what has changed
 */
async function act (id, place, render, url, fits, body) {
  model.busy.add(id)
  model.refusals.delete(place)
  tell('')
  render()
  const { body: reply, problem } = await ask('POST', url, fits, body)
  model.busy.delete(id)
  if (problem !== null) model.refusals.set(place, problem.code === null ? `${problem.detail} What became of the request is not known; the state of the cluster will show it.` : problem.detail)
  render()
  return reply
}

async function makePrimary (node, render) {
  const present = model.primary?.name ?? null
  const eligible = model.eligibility.get(node)
  const isForced = isForceable(eligible)
  const answer = await confirmed({
    title: `Make ${node} primary?`,
    text: present === null ? `${node} takes the primary role over.` : `The primary role, and everything that it holds, moves from ${present} to ${node}.`,
    warnings: isForced ? eligible.reasons.map(({ message }) => message) : [],
    yes: 'Make primary',
    wantsReason: true,
    override: isForced ? 'Override its min_health' : null,
  })
  if (answer === null) return
  const reply = await act(`primary ${node}`, `primary ${node}`, render, 'api/v1/switchover', isBegun, {
    to: node, ...present === null ? {} : { from: present }, ...answer.reason === '' ? {} : { reason: answer.reason }, ...isForced ? { force: ['health'] } : {},
  })
  if (reply === null) return
  if (reply.already === true) tell(`${node} is primary already.`)
  else if (reply.outcome === 'unknown') tell(reply.message, 'warning')
  else {
    awaited.add(reply.epoch)
    tell(`Switchover ${reply.epoch} has begun: ${reply.from ?? 'none'} to ${reply.to ?? 'any other'}.`, 'info')
    judgeAwaited(reply)
    const seen = model.live.get(reply.epoch)
    if (seen !== undefined) judgeAwaited(seen)
  }
}

/** Tells the end of a switchover that was asked for here. */
export function judgeAwaited (switchover) {
  if (!switchover.done || !awaited.delete(switchover.epoch)) return
  tell(ending(switchover, took(lengthOf(switchover, 0))), switchover.outcome === 'succeeded' ? 'ok' : 'critical')
}

/** The API's own sentences about a node that is dead. */
const warningsAbout = (node) => {
  const about = (model.status?.conditions ?? []).filter((condition) => condition.node === node).map(({ message }) => message)
  const { confirm = [], nodes = [] } = model.status?.fencing?.suspended ?? {}
  const others = nodes.filter((name) => name !== node)
  return [
    'Be certain that it is down: if it is not, two nodes may hold the same resources.',
    ...about,
    ...others.length > 0 && confirm.length > 0 ? [`Fencing is suspended because of ${nodes.join(', ')}; a confirmation is waited for of ${confirm.join(', ')}.`] : [],
  ]
}

async function confirmFence (node, render) {
  const answer = await confirmed({
    title: `Confirm that ${node} is down?`,
    text: `You vouch that ${node} is down. It becomes fenced and secondary, and another node may take over what it may have held.`,
    warnings: warningsAbout(node),
    yes: 'It is down',
    typed: node,
  })
  if (answer === null) return
  const reply = await act(`confirm ${node}`, `confirm ${node}`, render, `api/v1/node/${encodeURIComponent(node)}/fence-confirmation`, isDone, { confirm: answer.name })
  if (reply !== null) tell(reply.message)
}

async function setMaintenance (state, render) {
  const on = state === 'true'
  const answer = await confirmed(on
    ? { title: 'Begin maintenance mode?', text: 'While it is on, no node is fenced: a primary that dies keeps its role until maintenance ends or an operator confirms that it is down.', yes: 'Begin maintenance', serious: true }
    : { title: 'End maintenance mode?', text: 'Dead nodes are fenced again.', yes: 'End maintenance', serious: false })
  if (answer === null) return
  const reply = await act(`maintenance ${state}`, 'maintenance', render, `api/v1/status?state=${state}`, isDone)
  if (reply !== null) tell(reply.message)
}

export const actions = { primary: makePrimary, confirm: confirmFence, maintenance: setMaintenance }
