// The status page: follows /api/v1/events, and reads again what events do not carry. Everything that comes from the API is shown as text, never as markup.
import { actions, forgetQuestion, judgeAwaited } from './status/actions.js'
import { follow, forgetKey, hasKey, isKey, read, useKey } from './status/api.js'
import { isOnlyFigures, keepaliveAges } from './status/cluster.js'
import { element, setText } from './status/dom.js'
import { isEligibility, isHistory, isStatus, isText } from './status/forms.js'
import { forgetAll, learnClock, model, now } from './status/model.js'
import { tick } from './status/moment.js'
import { showHypervisors, showNodes } from './status/nodes-view.js'
import { forgetStory, PAGE, showPast, showStory } from './status/past-view.js'
import { merged } from './status/past.js'
import { showBanner, showCurrent, showMaintenance, showPrimary, showTimeLeft } from './status/summary-view.js'

/** Milliseconds between two readings: of the status, which changes with time alone too, and of what hardly changes without an event. */
const STATUS_EVERY = 3_000
const REST_EVERY = 15_000
/** Milliseconds in which several events are shown, and read after, at once. */
const TOGETHER = 50
const AFTER_EVENTS = 250
/** The same of hypervisors, whose figures change all the time. */
const HYPERVISORS_TOGETHER = 1_000
/** Milliseconds before the stream is asked for again, at first and at most. */
const RETRY = 1_000
const LONGEST_RETRY = 15_000
/** Nodes beyond which the ages of keepalives, which come with every other figure, are not read. */
const NODES_WITH_KEEPALIVE = 300

let lastId = null
/** Ends the stream and what was begun with the same key. */
let session = null

const entries = () => merged(model.pages ?? [], model.live)
const openOne = (all) => all.find(({ done }) => !done)

function contact (state, text) {
  element('contact').dataset.state = state
  setText('contact', text)
}

function render () {
  const all = entries()
  const open = openOne(all)
  showBanner(open)
  showPrimary()
  showMaintenance()
  showCurrent(open)
  showNodes()
  showPast(all)
}

/** Runs `work` once, `delay` after the first of several calls. */
function together (delay, work) {
  let timer = null
  return () => {
    timer ??= setTimeout(() => {
      timer = null
      work()
    }, delay)
  }
}

const renderSoon = together(TOGETHER, render)
const renderHypervisorsSoon = together(HYPERVISORS_TOGETHER, showHypervisors)

/** Runs `work` one at a time; calls meanwhile have it run once more, with the same key or not at all. */
function single (work) {
  let running = false
  let again = false
  const run = async () => {
    again = running
    if (running || session === null) return
    running = true
    const current = session
    try {
      await work(() => session === current)
    } finally {
      running = false
    }
    if (again) void run()
  }
  return run
}

const readStatus = single(async (isCurrent) => {
  const { body, problem, date, age } = await read('api/v1/status', isStatus)
  if (!isCurrent()) return
  learnClock(date)
  model.failure = problem === null ? null : problem.detail
  if (body !== null) model.status = body
  model.viewAge = age
  if (problem !== null) contact('stale', problem.code === null ? 'this API does not answer' : 'not up to date')
  else if (body.stale === true) contact('stale', `not up to date: ZooKeeper last answered ${Math.round(age)} s ago`)
  else contact('live', 'live')
  renderSoon()
})

const readPast = single(async (isCurrent) => {
  const { body } = await read(`api/v1/switchover?limit=${PAGE}`, isHistory)
  if (!isCurrent() || body === null) return
  // Pages below stay: what was read of the past does not change.
  if (model.pages === null || model.pages.length === 1) model.hasOlder = body.length === PAGE
  model.pages = [body, ...(model.pages ?? []).slice(1)]
  renderSoon()
})

const readEligibility = single(async (isCurrent) => {
  const { body } = await read('api/v1/switchover/eligibility', isEligibility)
  if (!isCurrent() || body === null) return
  model.eligibility = new Map(body.map((each) => [each.name, each]))
  renderSoon()
})

const readKeepalives = single(async (isCurrent) => {
  if (model.nodes.size === 0 || model.nodes.size > NODES_WITH_KEEPALIVE) return
  const { body } = await read('metrics', isText)
  if (!isCurrent() || body === null) return
  const seen = now()
  model.keepalives = new Map([...keepaliveAges(body)].map(([name, age]) => [name, seen - age * 1000]))
  renderSoon()
})

async function readOlder () {
  const last = model.pages?.at(-1)?.at(-1)
  if (last === undefined) return
  const { body } = await read(`api/v1/switchover?limit=${PAGE}&before=${last.first_epoch}`, isHistory)
  if (body === null || model.pages?.at(-1)?.at(-1) !== last) return
  model.hasOlder = body.length === PAGE
  if (body.length > 0) model.pages = [...model.pages, body]
  render()
}

const readAfterEvents = together(AFTER_EVENTS, () => {
  void readStatus()
  void readEligibility()
  if ([...model.live.values()].some(({ epoch, done }) => done !== model.pages?.[0]?.find((entry) => entry.epoch === epoch)?.done)) void readPast()
})

const readAfterHypervisors = together(HYPERVISORS_TOGETHER, () => { void readStatus() })

function readEverything () {
  void readStatus()
  void readEligibility()
  void readPast()
  void readKeepalives()
}

function take ({ id, event, data }) {
  if (id !== null) lastId = id
  switch (event) {
    case 'resync':
      model.nodes.clear()
      model.live.clear()
      model.pages = model.pages?.slice(0, 1) ?? null
      readEverything()
      break
    case 'node': {
      const isFirst = model.nodes.size === 0
      const before = model.nodes.get(data.name)
      model.nodes.set(data.name, data)
      if (isFirst) together(AFTER_EVENTS, () => { void readKeepalives() })()
      if (data.coordinator_state !== 'client' || before?.coordinator_state !== 'client') break
      // A thousand hypervisors have hundreds of events each second.
      renderHypervisorsSoon()
      if (!isOnlyFigures(before, data)) readAfterHypervisors()
      return
    }
    case 'switchover':
      model.live.set(data.epoch, data)
      judgeAwaited(data)
      break
    case 'primary': model.primary = data; break
    default: return
  }
  renderSoon()
  readAfterEvents()
}

function onOpen (role) {
  model.role = role
  element('key').hidden = true
  element('cluster').hidden = false
  element('forget').hidden = role === null || !hasKey()
  setText('key-use', role === null ? '' : role === 'operate' ? 'may operate' : 'may only read')
  setText('notice', '')
  readEverything()
}

function askForKey (problem) {
  session?.abort()
  session = null
  forgetAll()
  lastId = null
  element('cluster').hidden = true
  // What the key showed is not to be found in the page any more.
  render()
  forgetQuestion()
  forgetStory()
  element('filter').reset()
  model.filter = { text: '', kind: 'all' }
  element('forget').hidden = true
  setText('key-use', '')
  setText('notice', '')
  element('key').hidden = false
  setText('key-problem', problem)
  contact('waiting', 'an API key is needed')
}

async function followForEver () {
  session?.abort()
  const own = session = new AbortController()
  let wait = RETRY
  contact('waiting', 'connecting')
  while (!own.signal.aborted) {
    const problem = await follow({ lastId, take, signal: own.signal, onOpen: (role) => { wait = RETRY; onOpen(role) } }).catch(() => ({ status: 0, code: null, detail: null }))
    if (own.signal.aborted) return
    if (problem?.status === 401) {
      const wasTried = hasKey()
      if (wasTried) forgetKey()
      askForKey(wasTried ? `This key is not known here. ${problem.detail}` : '')
      return
    }
    contact('waiting', 'reconnecting')
    // Also: the page was opened by a name that the API does not know, and no key would help.
    if (problem?.detail) {
      element('notice').dataset.tone = 'critical'
      setText('notice', problem.detail)
      model.failure = problem.detail
    }
    if (problem?.code !== 'host_unknown') void readStatus()
    renderSoon()
    await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)))
    wait = Math.min(LONGEST_RETRY, wait * 2)
  }
}

function begin () {
  if (document.documentElement.dataset.key === 'needed' && !hasKey()) askForKey('')
  else void followForEver()
}

element('key').addEventListener('submit', (event) => {
  event.preventDefault()
  const typed = element('key-value').value.trim()
  if (!isKey(typed)) {
    setText('key-problem', 'This is no API key: it has a character beyond ASCII, as of another keyboard layout, or more than 4,096 characters.')
    return
  }
  useKey(typed)
  element('key-value').value = ''
  element('key').hidden = true
  void followForEver()
})

element('forget').addEventListener('click', () => {
  forgetKey()
  askForKey('')
  element('key-value').focus()
  setText('announcement', 'The key is forgotten.')
})

document.addEventListener('click', (event) => {
  const pressed = event.target.closest?.('[data-action]') ?? null
  if (pressed === null || pressed.getAttribute('aria-disabled') === 'true') return
  const { action, node } = pressed.dataset
  if (action === 'story') void showStory(Number(node), entries())
  else if (action === 'older') void readOlder()
  else void actions[action](node, render).then(() => readStatus())
})

element('filter').addEventListener('submit', (event) => event.preventDefault())
element('filter').addEventListener('input', () => {
  model.filter = { text: element('filter-text').value, kind: element('filter-kind').value }
  showPast(entries())
})
element('hypervisors').addEventListener('toggle', showHypervisors)

/** A page that nobody sees asks for nothing but its events. */
const whileSeen = (work) => () => { if (document.visibilityState === 'visible' && session !== null) work() }

setInterval(whileSeen(() => { void readStatus() }), STATUS_EVERY)
setInterval(whileSeen(() => {
  void readEligibility()
  void readKeepalives()
}), REST_EVERY)
setInterval(whileSeen(() => {
  tick()
  showTimeLeft(openOne(entries()))
}), 1_000)
document.addEventListener('visibilitychange', whileSeen(readEverything))
begin()
