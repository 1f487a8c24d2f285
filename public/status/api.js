// Requests to the API, with the key of this tab. URLs are relative: only a proxy may know the path before them.
import { isEvent } from './forms.js'

/** Milliseconds that a request may take, and that the stream may be silent: it has a comment every 15 s. */
const PATIENCE = 10_000
const SILENCE = 40_000
/** Milliseconds between two readings of the stream: hundreds of events in a second cost a browser more one by one than together. */
const READ_EVERY = 100
/** Characters of one event that are kept until its end comes. */
const LONGEST = 4_000_000
const STORED = 'api-key'

let key = sessionStorage.getItem(STORED)

export const hasKey = () => key !== null

/** Whether a text could be a key: whatever else is typed in cannot be sent in a header, or is refused before it is looked at. */
export const isKey = (text) => /^[\x20-\x7e]{1,4096}$/.test(text)

// A key that cannot be sent, which an earlier page may have kept.
if (key !== null && !isKey(key)) forgetKey()

export function useKey (given) {
  key = given
  sessionStorage.setItem(STORED, given)
}

export function forgetKey () {
  key = null
  sessionStorage.removeItem(STORED)
}

const headers = (more = {}) => key === null ? more : { 'x-api-key': key, ...more }

const isOf = (response, type) => (response.headers.get('content-type') ?? '').startsWith(type)

/** What went wrong, in the API's words. */
async function problemOf (response) {
  const problem = await response.json().catch(() => null)
  return { code: problem?.code ?? null, detail: problem?.detail ?? `The reply was ${response.status} ${response.statusText}`.trim() + ', without a reason. A proxy may stand between.' }
}

const SILENT = { code: null, detail: 'This API does not answer.' }
const OTHER_FORM = { code: null, detail: 'The reply is not of the form that this API has. A proxy or a portal that wants a log-in may have answered instead; load this page again.' }

/**
 * Answers with `body`, or with `problem`.
 * @param fits whether a reply has the form of this API's
 * @param body sent as JSON
 */
export async function ask (method, url, fits, body) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...sent, headers: headers(body === undefined ? {} : { 'content-type': 'application/json' }), signal: AbortSignal.timeout(PATIENCE) }).catch(() => null)
  if (response === null) return { body: null, problem: SILENT, date: null, age: null }
  const date = response.headers.get('date')
  const age = Number(response.headers.get('x-view-age') ?? NaN)
  if (!response.ok) return { body: null, problem: await problemOf(response), date, age }
  const text = await response.text().catch(() => null)
  if (text === null) return { body: null, problem: SILENT, date, age }
  const read = isOf(response, 'application/json') ? asJson(text) : text
  return fits(read) ? { body: read, problem: null, date, age } : { body: null, problem: OTHER_FORM, date, age }
}

/** Undefined for a text that is no JSON. */
function asJson (text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const read = async (url, fits) => await ask('GET', url, fits)

function parsed (block) {
  const fields = { id: null, event: 'message', data: '' }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart()
  }
  return { id: fields.id, event: fields.event, data: fields.data === '' ? null : asJson(fields.data) }
}

/**
 * Reads events until the stream ends, and tells `take` of each. Answers with the problem if there was no stream, else null.
 * @param onOpen told what the key allows, null where none is needed
 */
export async function follow ({ lastId, take, onOpen, signal }) {
  const silent = new AbortController()
  signal.addEventListener('abort', () => silent.abort(), { once: true })
  let timer = setTimeout(() => silent.abort(), SILENCE)
  try {
    const response = await fetch('api/v1/events', { headers: headers(lastId === null ? {} : { 'last-event-id': lastId }), signal: silent.signal, cache: 'no-store' })
    if (!response.ok) return { status: response.status, ...await problemOf(response) }
    if (!isOf(response, 'text/event-stream')) return { status: 0, ...OTHER_FORM }
    onOpen(response.headers.get('x-api-role'))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done || text.length > LONGEST) return null
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), SILENCE)
      text += value
      const blocks = text.split('\n\n')
      text = blocks.pop()
      for (const event of blocks.map(parsed)) {
        if (!isEvent(event)) return { status: 0, ...OTHER_FORM }
        take(event)
      }
      // A browser holds the timers of a page that nobody sees back for up to a minute.
      if (document.visibilityState === 'visible') await new Promise((resolve) => setTimeout(resolve, READ_EVERY))
    }
  } finally {
    clearTimeout(timer)
  }
}
