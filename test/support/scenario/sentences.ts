/** What the machines and the API of a scenario say, as the recorded courses have it. */
import type { Note } from '../../../src/core/coordinator/coordinator-state.ts'
import type { KeyOutcome } from '../../../src/core/coordinator/key-change.ts'
import type { Node } from './node.ts'
import type { Store } from './store.ts'

export function sentence (note: Note): string {
  const epoch = 'epoch' in note && note.epoch !== null ? ` (${note.epoch})` : ''
  switch (note.code) {
    case 'key_changed': return `${note.intent}${epoch}: ${note.outcome}`
    case 'begun':
    case 'finished': return `${note.procedure}${epoch} ${note.code}`
    case 'waits': return `${note.procedure}${epoch} waits for ${note.nodes.join(' ')}: ${note.resource} may be held there, and it cannot be asked`
    case 'given_up': return `${note.procedure}${epoch} given up: ${note.reason}`
    case 'failure': return `${note.procedure}${epoch}: ${note.failure.message}`
    case 'demoted': return `demotes itself: ${note.reason}; holds ${note.held.length === 0 ? 'nothing' : note.held.join('+')}`
  }
}

export function outcomeText (outcome: KeyOutcome): string {
  switch (outcome.kind) {
    case 'committed': return `202: switchover ${outcome.record.epoch}`
    case 'refused': {
      const { refusal } = outcome
      const more = 'record' in refusal && refusal.record !== null ? ` ${refusal.record.epoch}` : 'message' in refusal ? `: ${refusal.message}` : 'nodes' in refusal ? ` ${refusal.nodes.join(' ')}` : ''
      return `${refusal.kind}${more}`
    }
    case 'unknown': return `unknown: ${outcome.epoch}`
    default: return outcome.kind
  }
}

/** Where everything stands, in a line. */
export function standing (store: Store, nodes: readonly Node[], resources: readonly string[]): string {
  const { key, epoch } = store
  const each = nodes.map(({ name, holds, life }) => {
    const member = store.member(name)
    const held = resources.filter((resource) => holds.has(resource))
    return `${name} ${member.daemonState ?? '-'}/${member.coordinatorState ?? '-'}${life === null ? ' down' : ''}${held.length > 0 ? ` holds ${held.join('+')}` : ''}`
  })
  return `key ${key?.value ?? 'missing'} (${epoch ?? 'unknown'}); ${each.join('; ')}`
}
