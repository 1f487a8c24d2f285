// What the cluster's state comes to: the banner, the order of nodes, sentences about them. Pure. Sentences about what is wrong are the API's own.

const RANK = { critical: 0, warning: 1, info: 2 }
export const LABELS = { critical: 'Critical', warning: 'Warning', info: 'Information', ok: 'All is well', stale: 'No contact', unknown: 'Connecting' }

const worstFirst = (conditions) => [...conditions].sort((a, b) => (RANK[a.severity] ?? 0) - (RANK[b.severity] ?? 0))

/**
 * One sentence, one tone, what to do, and what else there is.
 * @param failure why the status could not be read, in a sentence; null if it was read
 */
export function banner ({ status, primary, open, failure }) {
  const bare = (tone, message, advice = '') => ({ tone, message, advice, since: null, node: null, rest: [] })
  if (status === null) return failure === null ? bare('unknown', 'Reading the state of the cluster.') : bare('stale', failure)
  if (failure !== null) return { ...bare('stale', failure, 'What is shown below is what this API said last.'), rest: worstFirst(status.conditions ?? []) }
  if (status.conditions === undefined) return fromHealth(status.cluster_health)
  const conditions = worstFirst(status.conditions)
  const stale = status.stale === true ? conditions.find(({ code }) => code === 'view_stale') : undefined
  const worst = stale ?? conditions[0]
  if (worst === undefined) return open ? bare('info', 'Nothing is wrong. A switchover is in progress.') : bare('ok', primary?.settled ? `${primary.name} is primary, and nothing is wrong.` : 'Nothing is wrong.')
  return { tone: stale === undefined ? worst.severity : 'stale', message: worst.message, advice: worst.advice, since: worst.since, node: worst.node, rest: conditions.filter((each) => each !== worst) }
}

/** Of a cluster of PVC's daemons alone, which has no conditions: what its faults come to. */
function fromHealth ({ health, messages }) {
  const [worst, ...rest] = [...messages].sort((a, b) => b.health_delta - a.health_delta)
    .map(({ id, health_delta: delta, text }) => ({ code: id, severity: 'warning', message: text, advice: `It costs ${delta} % of the health of the cluster.`, node: null, resource: null, since: null, fault: id }))
  const advice = `The health of the cluster is ${health} %.`
  return { tone: healthTone(health), message: worst?.message ?? advice, advice: worst === undefined ? '' : advice, since: null, node: null, rest }
}

const byName = (a, b) => a.name < b.name ? -1 : 1

/** The primary and nodes of a role in motion first would make cards jump: coordinators are by name. */
export const coordinatorsOf = (nodes) => nodes.filter(({ coordinator_state: state }) => state !== 'client').sort(byName)

/** A health that cannot be read is the worst. */
const healthOf = ({ health }) => typeof health === 'number' ? health : -1

const runs = ({ daemon_state: state }) => state === 'run'

/** The worst first: what does not run, then by health. */
export const hypervisorsOf = (nodes) => nodes.filter(({ coordinator_state: state }) => state === 'client')
  .sort((a, b) => Number(runs(a)) - Number(runs(b)) || healthOf(a) - healthOf(b) || byName(a, b))

/** Whether nothing has changed of a node from which a condition could follow. */
export const isOnlyFigures = (before, after) => ['daemon_state', 'domain_state', 'health', 'pvc_version'].every((name) => before[name] === after[name])

/** Names that a summary lists. */
const LISTED = 3

const listed = (names) => names.length <= LISTED ? names.join(', ') : `${names.slice(0, LISTED).join(', ')} and ${names.length - LISTED} more`

/** @param hypervisors the worst first */
export function hypervisorSummary (hypervisors) {
  const down = hypervisors.filter((node) => !runs(node))
  const [worst] = hypervisors.filter(runs)
  const least = worst === undefined ? null : hypervisors.filter(runs).reduce((a, b) => healthOf(b) < healthOf(a) ? b : a, worst)
  const parts = []
  if (least !== null) parts.push(`worst health ${healthText(least.health)}${least.health === 100 ? '' : ` (${least.name})`}`)
  if (down.length > 0) parts.push(`${down.length} not running: ${listed(down.map(({ name, daemon_state: state }) => `${name} (${state})`))}`)
  const isDown = down.some(({ daemon_state: state }) => daemonTone(state) === 'critical')
  return { tone: isDown ? 'critical' : down.length > 0 ? 'warning' : least === null ? 'unknown' : healthTone(least.health), text: parts.join('; ') }
}

export const healthText = (health) => typeof health === 'number' ? `${health} %` : 'unknown'

export const healthTone = (health) => typeof health !== 'number' ? 'unknown' : health > 90 ? 'ok' : health > 50 ? 'warning' : 'critical'

export const daemonTone = (state) => ({ run: 'ok', init: 'warning', shutdown: 'warning', stop: 'warning' }[state] ?? 'critical')

export const resourceTone = ({ state, concerns = [] }) =>
  state === 'lost' || state === 'failed' ? 'critical' : concerns.length > 0 || state === 'acquiring' || state === 'releasing' ? 'warning' : state === 'held' ? 'ok' : 'unknown'

const FENCES = {
  pending: ['warning', 'No attempt to fence it has ended yet.'],
  unconfirmed: ['critical', 'Its fence is not confirmed.'],
  confirmed: ['ok', 'It is confirmed that it holds nothing.'],
}
const FAILOVERS = {
  fenced: ['ok', 'Ready: no peer has found that a fence would fail.'],
  unfenced: ['unknown', 'None: it counts as having released once its lease must have ended.'],
  manual: ['unknown', 'None: an operator has to confirm that it is down.'],
  differs: ['warning', 'The coordinators are configured differently.'],
}

/** Whether a coordinator could be fenced, or how far its fence is; null where that is not known. */
export function fenceOf (name, fencing) {
  const dead = fencing?.dead.find(({ node }) => node === name)
  const because = (message) => message === null || message === '' ? '' : ` ${message}`
  if (dead?.state) {
    const [tone, text] = FENCES[dead.state] ?? ['unknown', dead.state]
    return { tone, text: text + because(dead.message), since: dead.since }
  }
  if (dead !== undefined) return { tone: 'warning', text: 'It is dead, and no fence of it is on record.', since: null }
  const broken = fencing?.broken.find(({ node }) => node === name)
  if (broken !== undefined) return { tone: 'critical', text: `Would fail, by ${broken.found_by}:${because(broken.message)}`, since: broken.since }
  const [tone, text] = FAILOVERS[fencing?.failover] ?? []
  return text === undefined ? null : { tone, text, since: null }
}

/** Whether an operator's word that the node is down may be wanted: it is dead, and nothing has confirmed that. */
export const isToConfirm = ({ name, daemon_state: state }, fencing) =>
  state === 'dead' && fencing?.dead.find(({ node }) => node === name)?.state !== 'confirmed'

/** The only reason that a request can override by itself. */
export const isForceable = ({ reasons = [] } = {}) => reasons.length > 0 && reasons.every(({ code }) => code === 'health_too_low')

/** What the preferences of a coordinator are, if they are not the defaults. */
export function preferences ({ priority = 50, min_health: minHealth = 0 } = {}) {
  return [...priority === 50 ? [] : [`priority ${priority}`], ...minHealth === 0 ? [] : [`min_health ${minHealth} %`]].join(', ')
}

/** Seconds since each node's keepalive was seen to change, by node, from the figures for Prometheus. */
export function keepaliveAges (text) {
  const ages = new Map()
  for (const [, node, age] of text.matchAll(/^pvc_node_keepalive_age_seconds\{node="((?:[^"\\\n]|\\.)*)"\} (\S+)$/gm)) {
    if (Number.isFinite(Number(age))) ages.set(node.replace(/\\(.)/g, '$1'), Number(age))
  }
  return ages
}
