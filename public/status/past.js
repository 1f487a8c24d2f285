// The history of switchovers: what is shown of it, in which order, in which words. Pure.

/**
 * The pages that were read, with what events have said since. Newest first.
 * @param pages lists as `GET /switchover` gives them, the newest first; each may overlap the one before
 * @param live switchovers by epoch, as events said
 */
export function merged (pages, live) {
  const entries = []
  let below = Infinity
  for (const entry of pages.flat()) {
    if (entry.epoch >= below) continue
    below = entry.first_epoch ?? entry.epoch
    // A run's newest one alone is not the run.
    entries.push(entry.count > 1 ? entry : { ...entry, ...live.get(entry.epoch) })
  }
  const newest = entries[0]?.epoch ?? -1
  const newer = [...live.values()].filter(({ epoch }) => epoch > newest).sort((a, b) => b.epoch - a.epoch)
  return [...newer, ...entries]
}

const KINDS = {
  all: () => true,
  succeeded: ({ outcome }) => outcome === 'succeeded',
  unsuccessful: ({ done, outcome }) => done && outcome !== 'succeeded',
  requests: ({ cause }) => cause === 'request',
  failovers: ({ cause }) => cause !== 'request',
}

/** Entries of that kind in which every word of `text` occurs. */
export function filtered (entries, { text = '', kind = 'all' }) {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return entries.filter((entry) => {
    if (!KINDS[kind](entry)) return false
    const { epoch, from, to, became, cause, outcome, reason, requested_by: by, error } = entry
    const all = [epoch, from, to, became, cause, outcome, reason, by, error?.code, error?.resource, error?.message].join('\n').toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

/** From whom to whom. */
export const change = ({ from, to, became }) => `${from ?? 'nobody'} → ${became ?? to ?? 'any other'}`

export const outcomeText = ({ outcome }) => outcome === null ? 'in progress' : outcome.replace('_', ' ')

export const outcomeTone = ({ outcome }) => outcome === null ? 'warning' : outcome === 'succeeded' ? 'ok' : outcome === 'failed' || outcome === 'timed_out' ? 'critical' : 'unknown'

/** The end of a switchover that was asked for here, in a sentence. */
export function ending ({ epoch, outcome, to, became, error }, seconds) {
  if (outcome === 'succeeded') return `Switchover ${epoch} succeeded: ${became ?? to} is primary, after ${seconds}.`
  return `Switchover ${epoch} ended after ${seconds}: ${outcome.replace('_', ' ')}.${error === null ? '' : ` ${error.message}`}`
}

/** The sides of a switchover that is in progress: who gives the role, who takes it, and everybody else who has a part in it. */
export function sides ({ from, to, nodes, evidence = null, last_held_at: lost = null }) {
  const side = (title, name) => ({ title, name, ...nodes[name] ?? { coordinator_state: null, step: 0, of: 0, resource: null } })
  const others = Object.keys(nodes).filter((name) => name !== from && name !== to).sort()
  return [
    ...from === null ? [] : [side(evidence === null && lost === null ? 'gives the role' : 'has lost the role', from)],
    ...to === null ? [] : [side('takes the role', to)],
    ...others.filter((name) => to === null || nodes[name].of > 0).map((name) => side(to === null ? 'may take the role' : 'has a part in it', name)),
  ]
}

/** Epochs of a run that the story of its newest one leads to. */
const LINKED = 30

/** The other switchovers that an entry stands for, newest first. */
export function runOf ({ epoch, first_epoch: first = epoch, count = 1 }) {
  return count === 1 ? [] : Array.from({ length: Math.min(epoch - first, LINKED) }, (_, index) => epoch - 1 - index)
}
