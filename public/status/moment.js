// Moments on the page: relative, with the date, time and zone on hover, and kept up to date.
import { made } from './dom.js'
import { now } from './model.js'
import { absolute, lasting, relative } from './times.js'

export const moment = (at) => made('time', { datetime: at, title: absolute(at), 'data-relative': 'ago' }, relative(at, now()))

/** For how long something has been so. */
export const since = (at) => made('time', { datetime: at, title: `since ${absolute(at)}`, 'data-relative': 'for' }, lasting(at, now()))

/** Moves every relative time on. */
export function tick () {
  for (const node of document.querySelectorAll('time[data-relative]')) {
    const text = (node.dataset.relative === 'for' ? lasting : relative)(node.dateTime, now())
    if (node.textContent !== text) node.textContent = text
  }
}
