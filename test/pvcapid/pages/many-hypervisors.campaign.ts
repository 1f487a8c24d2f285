/**
 * `npm run campaign -- page-cost`: what the status page costs a browser on a cluster with 1,000 hypervisors, folded, whose figures change as with a
 * keepalive every 5 s: milliseconds of the page's main thread, by Chromium's own account. First all is well, then a condition stands for each.
 */
import type { Page } from 'playwright-core'
import t from 'tap'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { api, clusterTree, makeCluster } from '../support/api.ts'
import { openBrowser } from '../support/browser.ts'

const HYPERVISORS = 1_000
/** Seconds between two keepalives of a node, and for which the page is measured. */
const KEEPALIVE = 5
const MEASURED = 15
/** Milliseconds of the main thread for each second. */
const ALLOWED = 50

const names = Array.from({ length: HYPERVISORS }, (_, index) => `hv${String(index + 1).padStart(4, '0')}`)

async function makeHypervisors (session: Session): Promise<void> {
  await makeCluster(session)
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(names.slice(at, at + 50).map(async (name) => {
      await session.create(`/nodes/${name}`, 'hypervisor')
      const texts = { daemonmode: 'hypervisor', daemonstate: 'run', routerstate: 'client', domainstate: 'ready', monitoring_health: '100', memused: '1', pvcversion: '1.0.0' }
      await Promise.all(Object.entries(texts).map(async ([child, text]) => await session.create(`/nodes/${name}/${child}`, text)))
    }))
  }
}

/** Milliseconds of work of the page's main thread in each second. */
async function measure (page: Page): Promise<number> {
  const chromium = await page.context().newCDPSession(page)
  await chromium.send('Performance.enable')
  const worked = async () => (await chromium.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN
  const before = await worked()
  await page.waitForTimeout(MEASURED * 1000)
  return (await worked() - before) / MEASURED * 1000
}

t.test('1,000 hypervisors', { timeout: 280_000 }, async (t) => {
  const browser = await openBrowser(t)
  const { server, session } = await clusterTree(t, makeHypervisors)
  const app = await api(t, { port: server.port })
  const page = await browser.newPage()
  await page.goto(await app.listen({ host: '127.0.0.1', port: 0 }))
  await page.getByText(`${HYPERVISORS + 1} hypervisors`).waitFor()
  let count = 0
  const beating = setInterval(() => {
    const name = names[count++ % HYPERVISORS]
    void session.set(`/nodes/${name}/memused`, String(count), ANY_VERSION).catch(() => {})
  }, KEEPALIVE * 1000 / HYPERVISORS)
  t.teardown(() => clearInterval(beating))
  const figures = await measure(page)
  t.ok(figures < ALLOWED, `while their figures change: ${Math.round(figures)} ms of each second, of ${ALLOWED}`)
  for (const name of names) await session.set(`/nodes/${name}/daemonstate`, 'stop', ANY_VERSION)
  await page.getByText(`${HYPERVISORS} not running`, { exact: false }).waitFor()
  const stopped = await measure(page)
  t.ok(stopped < ALLOWED, `and all of them are stopped: ${Math.round(stopped)} ms of each second, of ${ALLOWED}`)
})
