/**
 * `npm run campaign -- pages`, third part: the status page in twelve states of a cluster, on a desktop and on a phone, light and dark: nothing that axe finds,
 * nothing that the browser complains of, nothing asked of anybody else, nothing wider than the screen. Screenshots are left in the folder SCREENSHOTS.
 */
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { eventually } from '../../support/zookeeper.ts'
import { api, clusterTree, OPERATE } from '../support/api.ts'
import { openBrowser, plain } from '../support/browser.ts'
import { put } from '../support/condition-surfaces.ts'
import { beat, keyOf, makePageCluster, pageStates, type PageState } from '../support/page-states.ts'

const SCREENSHOTS = process.env['SCREENSHOTS']
/** Only states whose name has this. */
const ONLY = process.env['STATES'] ?? ''
const devices = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const

interface Finding { readonly id: string, readonly help: string, readonly nodes: ReadonlyArray<{ readonly html: string, readonly failureSummary?: string }> }

async function violations (page: Page): Promise<readonly string[]> {
  const found = await page.evaluate('axe.run(document).then(({ violations }) => violations)') as readonly Finding[]
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary ?? ''}`))
}

async function look (t: Test, browser: Browser, base: string, state: PageState, device: keyof typeof devices): Promise<void> {
  const context = await browser.newContext({ baseURL: base, ...devices[device], colorScheme: 'light' })
  const page = await context.newPage()
  const complaints: string[] = []
  const outside: string[] = []
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => { if (!request.url().startsWith(base) && !request.url().startsWith('data:')) outside.push(request.url()) })
  const key = keyOf(state)
  if (key !== null) await page.addInitScript(`sessionStorage.setItem('api-key', ${JSON.stringify(key)})`)
  await page.goto('/')
  if (state.tone !== null) await page.locator(`#banner[data-tone=${state.tone}]`).waitFor()
  if (state.unfolded) await page.locator('#hypervisors-summary').click()
  for (const text of state.says) await page.getByText(text).locator('visible=true').first().waitFor()
  for (const text of state.hides ?? []) t.equal(await page.getByText(text).locator('visible=true').count(), 0, `does not say ${text}`)
  if (state.tone !== null) {
    const status = await fetch(`${base}/api/v1/status`, { headers: { 'x-api-key': OPERATE } }).then(async (response) => await response.json()) as { readonly conditions: ReadonlyArray<{ readonly message: string, readonly advice: string }> }
    const [worst] = status.conditions
    if (worst !== undefined) {
      t.equal(await page.locator('#banner > .sentence').innerText(), plain(worst.message), 'the sentence of the API')
      t.match(await page.locator('#banner > .advice').innerText(), plain(worst.advice), 'and its advice')
    }
    for (const { message } of status.conditions) t.ok(await page.locator('#banner').getByText(plain(message)).count() > 0, message)
  }
  if (state.name === 'read-only') t.equal(await page.locator('button[data-action]:not([data-action=story]):not(:disabled):not([hidden])').count(), 0, 'nothing can be done')
  await page.evaluate(axe.source)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    t.strictSame(await violations(page), [], `${colorScheme}: axe finds nothing`)
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${state.name}-${device}-${colorScheme}.png`), fullPage: true })
  }
  t.ok(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), 'nothing is wider than the screen')
  t.strictSame(complaints, [], 'the browser has nothing to complain of')
  t.strictSame(outside, [], 'nobody else was asked for anything')
  await context.close()
}

t.test('twelve states', { timeout: 280_000 }, async (t) => {
  t.equal(pageStates.length, 12)
  const browser = await openBrowser(t)
  const { server, session } = await clusterTree(t, makePageCluster)
  let beats = 1
  let texts: Readonly<Record<string, string | null>> = {}
  const beating = setInterval(() => { void beat(session, ++beats, texts).catch(() => {}) }, 4_000)
  t.teardown(() => clearInterval(beating))
  const app = await api(t, { port: server.port, authentication: true, node: 'plum' })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const codes = async () => (app.services.view.conditions).map(({ code }) => code).join()
  for (const state of pageStates.filter(({ name }) => name.includes(ONLY))) {
    await t.test(state.name, async (t) => {
      const before: Record<string, string | null> = {}
      texts = state.texts?.() ?? {}
      for (const [path, value] of Object.entries(texts)) before[path] = await put(session, path, value)
      if (state.withoutZooKeeper) await server.stop()
      for (const device of ['desktop', 'phone'] as const) await t.test(device, async (t) => await look(t, browser, base, state, device))
      if (state.withoutZooKeeper) await server.start()
      for (const [path, value] of Object.entries(before).reverse()) await put(session, path, value)
      texts = {}
      if (!state.withoutZooKeeper) await eventually(async () => await codes() === '')
    })
  }
})
