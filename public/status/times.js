// Times and durations in words. Pure: the present is passed in.

const UNITS = [[86_400, 'day', 'days'], [3_600, 'h', 'h'], [60, 'min', 'min'], [1, 's', 's']]

/** A length of time in its one or two largest units: `4 s`, `3 min 5 s`, `2 h 10 min`, `12 days`. */
function span (milliseconds) {
  let seconds = Math.max(0, Math.round(milliseconds / 1000))
  const words = []
  for (const [index, [size, one, many]] of UNITS.entries()) {
    const count = Math.floor(seconds / size)
    if (count === 0 && words.length === 0 && index < UNITS.length - 1) continue
    if (count > 0 || words.length === 0) words.push(`${count} ${count === 1 ? one : many}`)
    seconds -= count * size
    // Beside ten of a unit the next smaller one says little.
    if (words.length === 2 || count >= 10 || (words.length === 1 && count === 0)) break
  }
  return words.join(' ')
}

/** How long something took: tenths of a second below ten seconds. */
export const took = (milliseconds) => milliseconds < 9_950 ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s` : span(milliseconds)

/** A moment as seen from `now`. A moment that is just ahead is no future, but another clock. */
export function relative (moment, now) {
  const age = now - Date.parse(moment)
  if (Number.isNaN(age)) return String(moment)
  if (age < -5_000) return `in ${span(-age)}`
  return age < 1_000 ? 'just now' : `${span(age)} ago`
}

/** For how long something has been so that began at `moment`. */
export function lasting (moment, now) {
  const age = now - Date.parse(moment)
  return Number.isNaN(age) ? `since ${moment}` : `for ${span(age)}`
}

/** A moment with its date, time and zone. */
export function absolute (moment) {
  const date = new Date(moment)
  return Number.isNaN(date.getTime()) ? String(moment) : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' })
}

/** Milliseconds that a switchover took, or has taken until `now`. */
export const lengthOf = ({ started_at: started, finished_at: finished }, now) => (finished === null ? now : Date.parse(finished)) - Date.parse(started)

/** What is left of a switchover's bound. */
export function timeLeft ({ started_at: started, timeout }, now) {
  const left = Date.parse(started) + timeout * 1000 - now
  return left >= 0 ? `${span(left)} left of its bound of ${span(timeout * 1000)}` : `its bound of ${span(timeout * 1000)} passed ${span(-left)} ago`
}
