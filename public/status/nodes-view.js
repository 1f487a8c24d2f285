// The coordinators, each with what it holds and what may be done with it, and the hypervisors, folded.
import { button, refusal } from './buttons.js'
import { coordinatorsOf, daemonTone, fenceOf, healthText, healthTone, hypervisorsOf, hypervisorSummary, isForceable, isToConfirm, preferences, resourceTone } from './cluster.js'
import { element, fill, made, setText } from './dom.js'
import { model } from './model.js'
import { moment, since } from './moment.js'

const ROLE_TONES = { primary: 'ok', secondary: 'unknown', takeover: 'warning', relinquish: 'warning' }

const badge = (tone, ...text) => made('span', { class: 'badge', 'data-tone': tone }, ...text)

/** Before its state in words, which colour alone would not tell. */
const MARKS = { ok: '✓', warning: '!', critical: '✕', unknown: '–' }

function resourceItem (resource, isRunning) {
  const { name, state, since: begun, error, concerns = [] } = resource
  // What a node that does not run said last is no more than that.
  const tone = isRunning ? resourceTone(resource) : 'unknown'
  return made('li', { 'data-key': name, 'data-tone': tone },
    made('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[tone]), made('span', { class: 'name' }, name), ' ',
    made('span', { class: 'quiet' }, `${state} `, since(begun)),
    ...error === null || error === '' ? [] : [made('p', { class: 'bad' }, error)],
    ...concerns.map(({ message }) => made('p', { class: 'bad' }, message)))
}

const fact = (name, tone, ...text) => made('div', { 'data-key': name }, made('dt', {}, name), made('dd', { 'data-tone': tone }, ...text))

function keepalive (name) {
  const seen = model.keepalives.get(name)
  return seen === undefined ? [] : [fact('Keepalive', null, moment(new Date(seen).toISOString()))]
}

function candidacy (node, eligible) {
  const { name } = node
  if (eligible === undefined) return []
  if (model.primary?.name === name && node.coordinator_state === 'primary') return [node.daemon_state === 'run' ? fact('Candidate', 'ok', 'holds the primary role') : fact('Candidate', 'unknown', 'is named primary')]
  return [fact('Candidate', eligible.eligible ? 'ok' : 'critical', eligible.eligible ? 'may be made primary' : 'may not be made primary')]
}

/** Every reason why it may not, or does not by itself, become primary. */
function reasonItems (node, eligible) {
  if (eligible === undefined || (model.primary?.name === node.name && node.coordinator_state === 'primary')) return []
  const own = (message) => message.startsWith(`${node.name}: `) ? message.slice(node.name.length + 2) : message
  const item = (message, ...more) => made('li', {}, own(message), ...more)
  return [
    ...eligible.reasons.map(({ message }) => item(message)),
    ...eligible.unwilling.filter(({ code }) => eligible.reasons.every((reason) => reason.code !== code)).map(({ message }) => item(message)),
    ...eligible.stands_back === null ? [] : [item('after a failure it does not contend by itself until ', Number.isNaN(Date.parse(eligible.stands_back.until)) ? eligible.stands_back.until : moment(eligible.stands_back.until), `: ${eligible.stands_back.why}`)],
  ]
}

function actions (node, eligible) {
  const { name } = node
  const isPrimary = model.primary?.name === name
  const why = eligible === undefined || eligible.eligible || isForceable(eligible) ? null : eligible.reasons.map(({ message }) => message).join('; ')
  return [
    ...isPrimary ? [] : [button({ action: 'primary', node: name, text: `Make ${name} primary`, why })],
    ...isToConfirm(node, model.status?.fencing) ? [button({ action: 'confirm', node: name, text: `Confirm that ${name} is down`, serious: true })] : [],
  ]
}

function nodeCard (node) {
  const { name, coordinator_state: state, daemon_state: daemon, domain_state: domains, health, pvc_version: version, resources = [] } = node
  const eligible = model.eligibility.get(name)
  const fence = fenceOf(name, model.status?.fencing)
  const preferred = preferences(eligible)
  const reasons = reasonItems(node, eligible)
  const isRunning = daemonTone(daemon) === 'ok'
  return made('li', { 'data-key': name, id: `node-${name}`, tabindex: '-1', 'data-node': name, 'data-state': state, 'data-tone': isRunning && resources.some((resource) => resourceTone(resource) === 'critical') ? 'critical' : daemonTone(daemon) },
    made('div', { class: 'top' }, made('h3', {}, name), badge(isRunning ? ROLE_TONES[state] ?? 'critical' : 'unknown', state === 'unknown' ? 'no readable state' : state),
      ...daemon === 'run' ? [] : [badge(daemonTone(daemon), `daemon: ${daemon}`)],
      ...domains === 'ready' || domains === 'unknown' ? [] : [badge('warning', `domains: ${domains}`)]),
    ...resources.length === 0 ? [] : [made('ul', { class: 'resources', 'aria-label': `Resources of ${name}` }, ...resources.map((resource) => resourceItem(resource, isRunning)))],
    made('dl', {},
      fact('Health', isRunning ? healthTone(health) : 'unknown', healthText(health)),
      ...keepalive(name),
      ...candidacy(node, eligible),
      ...preferred === '' ? [] : [fact('Preference', null, preferred)],
      ...fence === null ? [] : [fact('Fence', fence.tone, fence.text, ...fence.since === null ? [] : [' It has been so ', since(fence.since), '.'])],
      fact('Version', null, version)),
    ...reasons.length === 0 ? [] : [made('ul', { class: 'reasons', 'aria-label': `Why ${name} may not, or does not by itself, become primary` }, ...reasons)],
    made('div', { class: 'actions' }, ...actions(node, eligible)),
    refusal(`primary ${name}`), refusal(`confirm ${name}`))
}

function hypervisorRow (node) {
  const { name, daemon_state: daemon, domain_state: domains, health, domains_count: count, pvc_version: version } = node
  const seen = model.keepalives.get(name)
  return made('tr', { 'data-key': name }, made('th', { scope: 'row' }, name),
    made('td', {}, daemon === 'run' ? daemon : badge(daemonTone(daemon), daemon)), made('td', { 'data-tone': healthTone(health) }, healthText(health)),
    made('td', { class: 'wide' }, domains === 'ready' ? String(count) : `${count} (${domains})`), made('td', { class: 'wide' }, version),
    made('td', {}, ...seen === undefined ? ['unknown'] : [moment(new Date(seen).toISOString())]))
}

export function showHypervisors () {
  const hypervisors = hypervisorsOf([...model.nodes.values()])
  const place = element('hypervisors')
  place.hidden = hypervisors.length === 0
  if (place.hidden) {
    // Nothing of what was there is left in the page.
    fill(element('hypervisors-summary'), [])
    fill(element('hypervisors-rows'), [])
    return
  }
  const { tone, text } = hypervisorSummary(hypervisors)
  place.dataset.tone = tone
  fill(element('hypervisors-summary'), [made('strong', {}, `${hypervisors.length} ${hypervisors.length === 1 ? 'hypervisor' : 'hypervisors'}`), made('span', { class: 'quiet' }, `: ${text}`)])
  // What is folded costs nothing.
  fill(element('hypervisors-rows'), place.open ? hypervisors.map(hypervisorRow) : [])
}

export function showNodes () {
  const coordinators = coordinatorsOf([...model.nodes.values()])
  const focused = document.activeElement?.closest('#nodes > li') ?? null
  fill(element('nodes'), coordinators.map(nodeCard))
  // A button that is gone leaves the focus to its node.
  if (focused !== null && document.activeElement === document.body) focused.focus()
  element('read-only').hidden = model.role !== 'read'
  setText('no-nodes', coordinators.length > 0 ? '' : 'No coordinator is known.')
  showHypervisors()
}
