// Elements made of text alone, and put in place without disturbing what is there: what has the focus keeps it, and what is open stays open.

/** @param children elements and texts; null is left out */
export function made (tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '')
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value))
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined))
  return node
}

/** A sentence of the API's, whose words between backquotes are code. */
export const sentence = (text) => text.split('`').map((part, index) => index % 2 === 1 ? made('code', {}, part) : part).filter((part) => part !== '')

export const element = (id) => document.getElementById(id)

export function setText (id, text) {
  const node = element(id)
  if (node.textContent !== text) node.textContent = text
}

const keyOf = (node) => node.nodeType === 1 ? node.getAttribute('data-key') : null

/** The user's: whether `details` are open. */
const KEPT = 'open'

function sameAttributes (old, fresh) {
  for (const { name } of [...old.attributes]) if (name !== KEPT && !fresh.hasAttribute(name)) old.removeAttribute(name)
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
}

function become (old, fresh) {
  if (old.nodeType === 3) {
    if (old.data !== fresh.data) old.data = fresh.data
    return
  }
  sameAttributes(old, fresh)
  fill(old, [...fresh.childNodes])
}

const isAlike = (old, fresh) => old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh)

/** Makes the children of `parent` what `children` are. Those that are alike, by `data-key` where they have one, are changed in place. */
export function fill (parent, children) {
  const wanted = children.map((child) => typeof child === 'string' ? document.createTextNode(child) : child)
  const keyed = new Map([...parent.childNodes].filter((node) => keyOf(node) !== null).map((node) => [keyOf(node), node]))
  let at = parent.firstChild
  for (const fresh of wanted) {
    const key = keyOf(fresh)
    const old = key !== null ? keyed.get(key) : at
    if (!old || !isAlike(old, fresh)) {
      parent.insertBefore(fresh, at)
      continue
    }
    if (old === at) at = at.nextSibling
    else parent.insertBefore(old, at)
    become(old, fresh)
  }
  while (at !== null) {
    const next = at.nextSibling
    at.remove()
    at = next
  }
}
