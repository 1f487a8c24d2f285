// The history and the whole story of one switchover.
import { read } from './api.js'
import { element, fill, made, setText } from './dom.js'
import { isStory } from './forms.js'
import { model, now } from './model.js'
import { moment } from './moment.js'
import { change, filtered, outcomeText, outcomeTone, runOf } from './past.js'
import { absolute, lengthOf, took } from './times.js'

/** Rows that are shown; older ones are asked for. */
export const PAGE = 20

function row (entry) {
  const { epoch, started_at: started, cause, reason, error, count = 1, first_started_at: first } = entry
  const said = [reason, error?.message].filter((text) => text).join('; ')
  return made('tr', { 'data-key': epoch },
    made('td', {}, made('button', { type: 'button', class: 'link', 'data-action': 'story', 'data-node': epoch, 'aria-label': `Switchover ${epoch}: the whole story` }, String(epoch))),
    made('td', { class: 'nowrap' }, moment(started)),
    made('td', { class: 'nowrap' }, change(entry)),
    made('td', { class: 'wide' }, cause),
    made('td', { class: 'took' }, took(lengthOf(entry, now()))),
    made('td', { class: 'nowrap', 'data-outcome': entry.outcome ?? '', 'data-tone': outcomeTone(entry) }, outcomeText(entry)),
    made('td', { class: 'wide said' }, ...count === 1 ? [] : [`${count} failed switchovers since `, moment(first), said === '' ? '' : ': '], said))
}

/** @param entries the history with what events said, newest first */
export function showPast (entries) {
  const isRead = model.pages !== null
  const shown = filtered(entries, model.filter)
  element('history').hidden = shown.length === 0
  element('filter').hidden = entries.length === 0
  setText('no-history', !isRead ? '' : entries.length === 0 ? 'No switchover is on record.' : shown.length === 0 ? 'No switchover that was read fits.' : '')
  fill(element('history').tBodies[0], shown.map(row))
  element('older').hidden = !model.hasOlder
}

const fact = (name, ...text) => made('div', {}, made('dt', {}, name), made('dd', {}, ...text))
const optional = (name, value, ...more) => value === null || value === undefined || value === '' ? [] : [fact(name, String(value), ...more)]

function timeline (switchover) {
  const began = Date.parse(switchover.started_at)
  const at = (when) => made('time', { datetime: when, title: absolute(when) }, `+ ${took(Date.parse(when) - began)}`)
  return [
    made('li', {}, at(switchover.started_at), ' ', made('span', {}, 'the primary key is written')),
    ...switchover.timeline.map(({ at: when, node, coordinator_state: state }) => made('li', {}, at(when), ' ', made('span', {}, made('strong', {}, node), `: ${state}`))),
    ...switchover.finished_at === null ? [] : [made('li', {}, at(switchover.finished_at), ' ', made('span', {}, outcomeText(switchover)))],
  ]
}

function story (switchover, entry) {
  const { epoch, from, to, became, cause, reason, force, requested_by: by, started_at: started, finished_at: finished, timeout, continued_by: next, error, nodes, outage_seconds: outage } = switchover
  const link = (other) => made('button', { type: 'button', class: 'link', 'data-action': 'story', 'data-node': other, 'aria-label': `Switchover ${other}: the whole story` }, String(other))
  const run = entry === undefined ? [] : runOf(entry)
  return [
    made('dl', {},
      fact('Outcome', made('span', { class: 'badge', 'data-tone': outcomeTone(switchover) }, outcomeText(switchover))),
      fact('From', from ?? 'nobody'), fact('To', to ?? 'any other'), ...optional('Became primary', became),
      fact('Cause', cause), ...optional('Requested by', by), ...optional('Reason', reason), ...optional('Preferences overridden', force?.join(', ')),
      fact('Began', absolute(started)), ...finished === null ? [] : [fact('Ended', absolute(finished))],
      ...outage == null ? [] : [fact('Service not held', `for ${outage} s`)],
      fact('Took', `${took(lengthOf(switchover, now()))} of at most ${took(timeout * 1000)}`),
      ...error === null ? [] : [fact('Error', made('span', { class: 'bad' }, error.message), ' ', made('code', {}, error.code), ...error.resource === null ? [] : [` at ${error.resource}`])],
      ...next === null ? [] : [fact('Continued by', link(next))],
      ...run.length === 0 ? [] : [fact('Stands for', `${entry.count} switchovers; the others: `, ...run.flatMap((other) => [link(other), ' ']))]),
    made('h3', {}, 'Timeline'), made('ol', { class: 'timeline' }, ...timeline(switchover)),
    ...Object.keys(nodes).length === 0
      ? []
      : [made('h3', {}, 'Nodes'), made('ul', {}, ...Object.entries(nodes).map(([name, { coordinator_state: state, step, of, resource }]) => made('li', {}, made('strong', {}, name), `: ${state ?? 'unknown'}${of > 0 ? `, step ${step} of ${of}` : ''}${resource === null ? '' : `, ${resource}`}`)))],
    made('p', { class: 'quiet' }, 'The record: ', made('code', {}, `GET /api/v1/switchover/${epoch}`)),
  ]
}

export function forgetStory () {
  element('story').close()
  setText('story-title', 'Switchover')
  fill(element('story-text'), [])
}

/** Opens the dialog with everything that the record of `epoch` says. */
export async function showStory (epoch, entries) {
  const dialog = element('story')
  setText('story-title', `Switchover ${epoch}`)
  fill(element('story-text'), [made('p', {}, 'Reading …')])
  if (!dialog.open) dialog.showModal()
  const { body, problem } = await read(`api/v1/switchover/${epoch}`, isStory)
  if (element('story-title').textContent !== `Switchover ${epoch}`) return
  fill(element('story-text'), problem === null ? story(body, entries.find((entry) => entry.epoch === epoch)) : [made('p', { class: 'bad', role: 'alert' }, problem.detail)])
}
