/** The words of the state machine as the API shows them. */
import { nullable, oneOf } from './forms.ts'

const daemonState = oneOf(['init', 'run', 'shutdown', 'stop', 'dead', 'fenced'], 'What the node\'s daemon is doing, or what a peer has found out about it.')
export const coordinatorState = oneOf(['client', 'secondary', 'takeover', 'primary', 'relinquish'], 'What the node has to do with the primary role; `client` is a hypervisor.')
const domainState = oneOf(['ready', 'unflush', 'flush', 'flushed', 'fence-flush'], 'Whether the node runs domains.')

const unknown = 'null where the node has no readable value.'
export const daemonStateOrNull = nullable(daemonState, `The daemon state; ${unknown}`)
export const coordinatorStateOrNull = nullable(coordinatorState, `The coordinator state; ${unknown}`)
export const domainStateOrNull = nullable(domainState, `The domain state; ${unknown}`)
