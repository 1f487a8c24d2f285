// What this page knows of the cluster, and by which clock.

export const model = {
  /** What the key allows: `read` or `operate`; null where none is needed. */
  role: null,
  /** `GET /status`, and why it could not be read last. */
  status: null,
  failure: null,
  /** Seconds since ZooKeeper last answered the API. */
  viewAge: null,
  primary: null,
  nodes: new Map(),
  live: new Map(),
  /** Pages of the history, the newest first; null before it was read. */
  pages: null,
  hasOlder: false,
  eligibility: new Map(),
  /** When each keepalive was seen to change, in milliseconds of the API's clock. */
  keepalives: new Map(),
  filter: { text: '', kind: 'all' },
  /** By action: that it is being done, and why it was refused. */
  busy: new Set(),
  refusals: new Map(),
}

export function forgetAll () {
  Object.assign(model, { role: null, status: null, failure: null, viewAge: null, primary: null, pages: null, hasOlder: false })
  for (const collection of [model.nodes, model.live, model.eligibility, model.keepalives, model.busy, model.refusals]) collection.clear()
}

/** Milliseconds that this browser's clock may differ before it is corrected: dates of replies are whole seconds. */
const TOLERATED = 2_000
let ahead = 0

/** Learns from the date of a reply how far the API's clock is ahead of this browser's. */
export function learnClock (date) {
  const difference = Date.parse(date ?? '') - Date.now()
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > TOLERATED ? difference : 0
}

/** The present by the API's clock, by which its moments are. */
export const now = () => Date.now() + ahead
