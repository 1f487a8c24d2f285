// Whether a reply has what this page reads of it. What answers with 200 need not be this API: a proxy that wants a log-in, a portal. Pure.

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const are = (names, type) => (value) => isObject(value) && names.every((name) => [type].includes(typeof value[name]))
const listOf = (fits) => (value) => Array.isArray(value) && value.every(fits)

const hasMessage = are(['message'], 'string')
const isHealth = (value) => isObject(value) && typeof value.health === 'number' && listOf(are(['text'], 'string'))(value.messages)

export const isStatus = (value) => isObject(value) && isHealth(value.cluster_health) && typeof value.maintenance === 'string' &&
  (value.conditions === undefined || listOf(are(['code', 'severity', 'message', 'advice'], 'string'))(value.conditions))

const isSwitchover = (value) => isObject(value) && typeof value.epoch === 'number' && typeof value.done === 'boolean' && typeof value.started_at === 'string' && isObject(value.nodes)
export const isHistory = listOf(isSwitchover)
export const isStory = (value) => isSwitchover(value) && Array.isArray(value.timeline)
export const isEligibility = listOf((value) => isObject(value) && typeof value.name === 'string' && listOf(hasMessage)(value.reasons) && listOf(hasMessage)(value.unwilling))
/** Figures for Prometheus. */
export const isText = (value) => typeof value === 'string'

/** Of a request for a switchover: it has begun, or was so already, or what became of it is not known. */
export const isBegun = (value) => isSwitchover(value) || hasMessage(value)
export const isDone = hasMessage

const isNode = are(['name', 'daemon_state', 'coordinator_state'], 'string')
const isPrimary = (value) => isObject(value) && (value.name === null || typeof value.name === 'string')

/** Of an event of the stream. An event of another name is not read. */
export const isEvent = ({ event, data }) => ({ node: isNode, switchover: isSwitchover, primary: isPrimary }[event] ?? (() => true))(data)
