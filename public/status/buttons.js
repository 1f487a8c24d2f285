// Buttons of actions: disabled with a reason, busy while the request is on its way, with the refusal beside them.
import { made } from './dom.js'
import { model } from './model.js'

const READ_ONLY = 'This key may only read; use one with the role operate.'

/**
 * @param action what it does, and `node` to which
 * @param why why it cannot be used now; null if it can. Shown where it is not that of every button.
 */
export function button ({ action, node = '', text, why = null, serious = false }) {
  const id = `${action} ${node}`
  const isReadOnly = model.role === 'read'
  const isBusy = model.busy.has(id)
  return made('button', {
    type: 'button',
    'data-key': id,
    'data-action': action,
    'data-node': node,
    class: serious ? 'serious' : null,
    disabled: isReadOnly || why !== null,
    // A disabled one would lose the focus.
    'aria-disabled': isBusy ? 'true' : null,
    title: isReadOnly ? READ_ONLY : why,
    'aria-describedby': isReadOnly ? 'read-only' : null,
  }, isBusy ? `${text} …` : text)
}

/** Why an action was refused, in the API's words; empty if it was not. */
export function refusal (id) {
  return made('p', { class: 'refusal', role: 'alert', 'data-key': `refusal ${id}` }, model.refusals.get(id) ?? '')
}
