/** The words of the state machine as the API shows them. */
import { nullable, oneOf } from './forms.ts'

const daemonStates = ['init', 'run', 'shutdown', 'stop', 'dead', 'fenced'] as const
const coordinatorStates = ['client', 'secondary', 'takeover', 'primary', 'relinquish'] as const
const domainStates = ['ready', 'unflush', 'flush', 'flushed', 'fence-flush'] as const

export const coordinatorState = oneOf(coordinatorStates, 'What the node has to do with the primary role; `client` is a hypervisor.')
export const coordinatorStateOrNull = nullable(coordinatorState, 'The coordinator state; null where the node has no readable value.')

/** As PVC's routes show them: its client cannot do with null. */
const unknown = '`unknown` where the node has no readable value.'
export const daemonStateOrUnknown = oneOf([...daemonStates, 'unknown'], `What the node's daemon is doing, or what a peer has found out about it; ${unknown}`)
export const coordinatorStateOrUnknown = oneOf([...coordinatorStates, 'unknown'], `What the node has to do with the primary role; \`client\` is a hypervisor; ${unknown} A coordinator that is starting for the first time is \`secondary\`.`)
export const domainStateOrUnknown = oneOf([...domainStates, 'unknown'], `Whether the node runs domains; ${unknown}`)
