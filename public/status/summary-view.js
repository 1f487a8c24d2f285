// The banner with every condition, the line about the primary, maintenance mode, and the switchover in progress.
import { banner, LABELS } from './cluster.js'
import { element, fill, made, sentence, setText } from './dom.js'
import { model, now } from './model.js'
import { moment, since } from './moment.js'
import { sides } from './past.js'
import { timeLeft } from './times.js'
import { button, refusal } from './buttons.js'

/** Conditions beside the worst that are shown unfolded. */
const UNFOLDED = 4

const title = document.title

const nodeLink = (name) => model.nodes.has(name) ? made('a', { href: `#node-${name}` }, `Show ${name}`) : null

const lasts = (begun) => begun === null ? [] : [' It has been so ', since(begun), '.']

function conditionItem ({ severity, message, advice, since: begun, node, code, resource, fault }) {
  return made('li', { 'data-key': `${code} ${node ?? ''} ${resource ?? ''} ${fault ?? ''}`, 'data-tone': severity },
    made('span', { class: 'label' }, LABELS[severity] ?? severity), ' ',
    made('strong', {}, ...sentence(message)), ' ',
    made('span', { class: 'quiet' }, ...sentence(advice), ...lasts(begun), ' ', nodeLink(node)))
}

let announced = null

/** The banner is told to screen readers when its sentence changes, and only then. */
function announce (tone, message) {
  const text = `${LABELS[tone]}: ${message}`
  if (announced === text) return
  // Not the first state of the page, which is read with the page.
  if (announced !== null && tone !== 'unknown') setText('announcement', text)
  announced = tone === 'unknown' ? null : text
}

let shownOf = []

/** What was shown of the same state stays: there may be a condition for each of a thousand nodes. */
export function showBanner (open) {
  const { status, primary, failure } = model
  const of = [status, primary, failure, open, model.nodes.size]
  if (of.every((part, index) => part === shownOf[index]) && shownOf.length > 0) return
  shownOf = of
  const { tone, message, advice, since: begun, node, rest } = banner({ ...model, open })
  const place = element('banner')
  place.dataset.tone = tone
  const [shown, folded] = [rest.slice(0, UNFOLDED), rest.slice(UNFOLDED)]
  fill(place, [
    made('p', { class: 'label', 'data-key': 'label' }, LABELS[tone]),
    made('p', { class: 'sentence', 'data-key': 'sentence' }, ...sentence(message)),
    ...advice === '' && begun === null ? [] : [made('p', { class: 'advice', 'data-key': 'advice' }, ...sentence(advice), ...lasts(begun), ' ', nodeLink(node))],
    ...shown.length === 0 ? [] : [made('ul', { class: 'conditions', 'data-key': 'conditions', 'aria-label': 'Other conditions' }, ...shown.map(conditionItem))],
    ...folded.length === 0 ? [] : [made('details', { 'data-key': 'folded' }, made('summary', {}, `${folded.length} more`), made('ul', { class: 'conditions' }, ...folded.map(conditionItem)))],
  ])
  announce(tone, message)
  const heading = tone === 'ok' || tone === 'unknown' ? title : `${LABELS[tone]}: ${title}`
  if (document.title !== heading) document.title = heading
}

export function showPrimary () {
  const { primary, failure, status } = model
  const named = model.nodes.get(primary?.name)
  const isHeld = primary?.settled === true || (named?.coordinator_state === 'primary' && named.daemon_state === 'run')
  const isOld = failure !== null || status?.stale === true
  element('cluster').classList.toggle('old', isOld)
  setText('nodes-title', isOld ? 'Nodes, as they were known last' : 'Nodes')
  fill(element('primary'), primary === null
    ? ['\u00a0']
    : primary.name === null ? ['Nobody is primary.'] : [made('strong', {}, primary.name), isHeld ? ' has been primary ' : ' is named primary, ', since(primary.since), `, epoch ${primary.epoch}.`])
}

export function showMaintenance () {
  const { status } = model
  const place = element('maintenance')
  place.hidden = status === null
  if (status === null) return
  const on = status.maintenance === 'true'
  fill(place, [
    made('p', {}, 'Maintenance mode is ', made('strong', {}, on ? 'on' : 'off'), on ? ': no node is fenced.' : '.'),
    button({ action: 'maintenance', node: on ? 'false' : 'true', text: on ? 'End maintenance' : 'Begin maintenance' }),
    refusal('maintenance'),
  ])
}

/** @param open the switchover in progress; undefined if there is none */
export function showCurrent (open) {
  element('current').hidden = open === undefined
  if (open === undefined) {
    for (const id of ['current-text', 'current-left', 'current-nodes']) fill(element(id), [])
    return
  }
  const by = open.requested_by === null ? '' : `, by ${open.requested_by}`
  fill(element('current-text'), [
    made('strong', {}, `Switchover ${open.epoch}: ${open.from ?? 'none'} to ${open.to ?? 'any other'}`),
    `, ${open.state === 'requested' ? 'no node has begun' : 'in progress'} (${open.cause}${by}). Began `, moment(open.started_at), '.',
    ...open.reason === null ? [] : [' Reason: ', made('q', {}, open.reason)],
  ])
  element('current-progress').value = open.progress
  element('current-progress').textContent = `${Math.round(open.progress * 100)} %`
  showTimeLeft(open)
  fill(element('current-nodes'), sides(open).map(({ title, name, coordinator_state: state, step, of, resource }) => made('li', { 'data-key': name },
    made('h3', {}, name), made('p', { class: 'quiet' }, title),
    made('p', {}, made('span', { class: 'badge', 'data-tone': state === 'primary' || state === 'secondary' ? 'ok' : 'warning' }, state ?? 'unknown')),
    made('p', {}, of > 0 ? `step ${step} of ${of}` : 'no step yet', resource === null ? null : `: ${resource}`))))
}

/** Counts down between two events. */
export function showTimeLeft (open) {
  if (open !== undefined) setText('current-left', `${Math.round(open.progress * 100)} % of the steps are done; ${timeLeft(open, now())}.`)
}
