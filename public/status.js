// The status page: follows /api/v1/events and shows what they say. Everything that comes from the API is shown as text, never as markup.
// Its own URLs are relative: only a proxy may know the path before them.

const RETRY = 1_000
const CHECK = 2_000
const HISTORY = 20

const nodes = new Map()
const switchovers = new Map()
/** The history as it was read last; events are newer. */
let past = []
let primary = null
let lastId = null
let eligibility = new Map()
let key = sessionStorage.getItem('api-key')

const element = (id) => document.getElementById(id)
const headers = (more = {}) => key === null ? more : { 'x-api-key': key, ...more }

function made (tag, text, attributes = {}) {
  const node = document.createElement(tag)
  if (text !== null) node.textContent = text
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}

function contact (state, text) {
  const place = element('contact')
  if (place.textContent === text) return
  place.dataset.state = state
  place.textContent = text
}

const clock = (moment) => moment === null ? '' : new Date(moment).toLocaleString()

function nodeCard (node) {
  const { name, coordinator_state: state, daemon_state: daemon } = node
  const card = made('li', null, { 'data-node': name, 'data-state': String(state) })
  const button = made('button', 'Make primary', { type: 'button', 'aria-label': `Make ${name} primary` })
  const isPrimary = primary?.name === name && state === 'primary'
  const reasons = eligibility.get(name) ?? []
  button.disabled = primary?.name === name || reasons.length > 0
  button.addEventListener('click', () => { void makePrimary(name) })
  card.append(made('strong', name), made('span', state === 'unknown' ? 'no readable state' : state, { class: 'state' }), made('span', `daemon: ${daemon}`, { class: 'quiet' }))
  if (!isPrimary) for (const { message } of reasons) card.append(made('span', message, { class: 'quiet' }))
  card.append(isPrimary ? made('span', 'holds the primary role', { class: 'quiet' }) : button)
  return card
}

/** Puts `children` into the list unless it shows the same already: what has the focus keeps it. */
function show (list, children) {
  const text = (node) => node.outerHTML
  if ([...list.children].map(text).join() === children.map(text).join()) return
  const focused = document.activeElement?.getAttribute('aria-label')
  list.replaceChildren(...children)
  if (focused) list.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus()
}

function showNow () {
  const coordinators = [...nodes.values()].filter(({ coordinator_state: state }) => state !== 'client').sort((a, b) => a.name < b.name ? -1 : 1)
  show(element('nodes'), coordinators.map(nodeCard))
  element('primary').textContent = primary === null
    ? '\u00a0'
    : primary.name === null ? 'Nobody is primary.' : `${primary.name} is ${primary.settled ? '' : 'to be '}primary since ${clock(primary.since)}, epoch ${primary.epoch}.`
}

function showCurrent (open) {
  element('current').hidden = open === undefined
  if (open === undefined) return
  element('current-text').textContent = `Switchover ${open.epoch}: ${open.from ?? 'none'} to ${open.to ?? 'any other'}, ${open.state === 'requested' ? 'no node has begun' : 'in progress'}.`
  element('current-progress').value = open.progress
  show(element('current-nodes'), Object.entries(open.nodes).map(([name, { coordinator_state: state, step, of, resource }]) =>
    made('li', `${name}: ${state ?? 'unknown'}${of > 0 ? `, step ${step} of ${of}` : ''}${resource === null ? '' : `, ${resource}`}`)))
}

function historyRow (switchover) {
  const { epoch, started_at: started, from, to, cause, outcome, reason, error, count = 1, first_started_at: first } = switchover
  const times = count === 1 ? null : `${count} failed switchovers since ${clock(first)}`
  const row = made('tr', null)
  row.append(made('td', String(epoch)), made('td', clock(started)), made('td', from ?? 'none'), made('td', to ?? 'any other'), made('td', cause),
    made('td', outcome ?? 'in progress', { 'data-outcome': outcome ?? '' }), made('td', [times, reason, error?.message].filter((text) => text).join(' — ')))
  return row
}

function showAll () {
  showNow()
  const newer = [...switchovers.values()].filter(({ epoch }) => epoch > (past[0]?.epoch ?? -1)).sort((a, b) => b.epoch - a.epoch)
  const newest = [...newer, ...past.map((entry) => entry.count > 1 ? entry : { ...entry, ...switchovers.get(entry.epoch) })]
  showCurrent(newest.find(({ done }) => !done))
  const rows = newest.slice(0, HISTORY).map(historyRow)
  element('history').hidden = rows.length === 0
  element('no-history').hidden = rows.length > 0
  show(element('history').tBodies[0], rows)
}

async function readMore () {
  const [entries, candidates] = await Promise.all(['api/v1/switchover?limit=20', 'api/v1/switchover/eligibility'].map(async (url) => {
    const response = await fetch(url, { headers: headers() })
    return response.ok ? await response.json() : null
  }))
  past = entries ?? past
  eligibility = new Map((candidates ?? []).map(({ name, reasons }) => [name, reasons]))
  showAll()
}

let reading = null
/** Asks for what events do not carry, soon and once for many of them. */
function readMoreSoon () {
  reading ??= setTimeout(() => {
    reading = null
    readMore().catch(() => {})
  }, 200)
}

function take ({ id, event, data }) {
  if (id !== null) lastId = id
  switch (event) {
    case 'resync':
      nodes.clear()
      switchovers.clear()
      past = []
      break
    case 'node': nodes.set(data.name, data); break
    case 'switchover': switchovers.set(data.epoch, data); break
    case 'primary': primary = data; break
    default: return
  }
  showAll()
  readMoreSoon()
}

function parsed (block) {
  const fields = { id: null, event: 'message', data: '' }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart()
  }
  return { id: fields.id, event: fields.event, data: fields.data === '' ? null : JSON.parse(fields.data) }
}

/** Reads events until the stream ends. Answers false if a key is needed. */
async function follow () {
  const response = await fetch('api/v1/events', { headers: headers(lastId === null ? {} : { 'last-event-id': lastId }) })
  if (response.status === 401 || response.status === 403) {
    const { code, detail } = await response.json()
    if (code !== 'host_unknown') return false
    // No key would help: the page was opened by a name that the API does not know.
    element('notice').textContent = detail
  }
  if (!response.ok) return true
  element('key').hidden = true
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return true
    text += value
    const blocks = text.split('\n\n')
    text = blocks.pop()
    for (const block of blocks) take(parsed(block))
  }
}

async function followForEver () {
  for (;;) {
    const allowed = await follow().catch(() => true)
    if (!allowed) {
      element('key').hidden = false
      element('key-problem').textContent = key === null ? '' : 'This key is not known here.'
      contact('waiting', 'an API key is needed')
      return
    }
    contact('waiting', 'reconnecting')
    await new Promise((resolve) => setTimeout(resolve, RETRY))
  }
}

async function checkContact () {
  if (!element('key').hidden) return
  const response = await fetch('health/ready').catch(() => null)
  if (response === null) contact('stale', 'this API does not answer')
  else if (response.ok) contact('live', 'live')
  else contact('stale', `not up to date: ${(await response.json()).reasons.join(' ')}`)
}

async function makePrimary (name) {
  const dialog = element('ask')
  element('ask-title').textContent = `Make ${name} primary?`
  element('ask-text').textContent = primary?.name ? `The primary role, and everything that it holds, moves from ${primary.name} to ${name}.` : `${name} takes the primary role over.`
  element('ask-reason').value = ''
  dialog.returnValue = 'no'
  dialog.showModal()
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }))
  if (dialog.returnValue !== 'yes') return
  const reason = element('ask-reason').value.trim()
  const notice = element('notice')
  notice.textContent = ''
  const body = JSON.stringify({ to: name, ...primary?.name ? { from: primary.name } : {}, ...reason === '' ? {} : { reason } })
  const response = await fetch('api/v1/switchover', { method: 'POST', headers: headers({ 'content-type': 'application/json' }), body }).catch(() => null)
  if (response === null) notice.textContent = 'This API did not answer; what became of the request will show in the history.'
  else if (!response.ok) notice.textContent = (await response.json()).detail
}

element('key').addEventListener('submit', (event) => {
  event.preventDefault()
  key = element('key-value').value
  sessionStorage.setItem('api-key', key)
  element('key-value').value = ''
  element('key').hidden = true
  void followForEver()
})

setInterval(() => { void checkContact() }, CHECK)
void checkContact()
void followForEver()
