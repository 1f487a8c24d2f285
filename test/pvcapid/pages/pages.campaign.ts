/**
 * `npm run campaign -- pages`: the status page and Swagger UI in Debian's Chromium: with a key, by keyboard, on a phone, live. Screenshots are left in the
 * folder SCREENSHOTS, if that is set.
 */
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { switchoverPath } from '../../../src/cluster/layout.ts'
import { connect, eventually } from '../../support/zookeeper.ts'
import { api, clusterTree, OPERATE, settle } from '../support/api.ts'
import { openBrowser } from '../support/browser.ts'

const SCREENSHOTS = process.env['SCREENSHOTS']
const names = ['plum', 'fig', 'quince']

interface Visit { readonly page: Page, readonly complaints: string[], readonly outside: string[] }

/** A page of its own; what the browser complains of, and requests to anybody else, are noted. */
async function visit (t: Test, browser: Browser, base: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ baseURL: base, ...options })
  t.teardown(async () => await context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  const outside: string[] = []
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 401/.test(message.text())) complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => { if (!request.url().startsWith(base) && !request.url().startsWith('data:')) outside.push(request.url()) })
  return { page, complaints, outside }
}

const snapshot = async (page: Page, name: string): Promise<void> => {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}

t.test('pages', { timeout: 170_000 }, async (t) => {
  const browser = await openBrowser(t)
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, node: 'plum' })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })

  await t.test('the status page, by keyboard', async (t) => {
    const { page, complaints, outside } = await visit(t, browser, base)
    const response = await page.goto('/')
    t.match(response?.headers()['content-security-policy'], /default-src 'none'; script-src 'self'/)
    const keyField = page.getByLabel('API key')
    await keyField.waitFor()
    t.equal(await page.getByText(/history|no switchover/i).locator('visible=true').count(), 0, 'without a key nothing is said of a history that was not read')
    t.strictSame(complaints, [], 'and nothing was refused to find out')
    await keyField.fill('a-wrong-key-of-mine')
    await page.keyboard.press('Enter')
    await page.getByText('This key is not known here.').waitFor()
    await keyField.fill(OPERATE)
    await page.keyboard.press('Enter')
    await page.getByText('plum has been primary for').waitFor()
    await page.getByText('live', { exact: false }).first().waitFor()
    t.equal(await page.locator('#nodes > li').count(), 3, 'hypervisors have no part in it')
    t.equal(await page.locator('[data-node=plum]').getAttribute('data-state'), 'primary')
    await snapshot(page, 'status')

    t.comment('asks first')
    const button = page.getByRole('button', { name: 'Make fig primary' })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await snapshot(page, 'status-asks')
    await page.keyboard.press('Escape')
    t.equal((await session.get('/config/primary_node')).data, 'plum', 'nothing was done')
    t.ok(await button.evaluate((node) => node.ownerDocument.activeElement === node), 'the focus is where it was')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    t.equal((await session.get('/config/primary_node')).data, 'plum', 'the first choice is to leave it')

    t.comment('a switchover, live')
    // At once: the end of the question before is told to the page later, and is no answer to this one.
    await page.evaluate("(() => { const make = document.querySelector('[data-action=primary][data-node=fig]'); make.click(); document.querySelector('#ask [value=no]').click(); make.click() })()")
    await page.getByLabel('Reason').fill('tea <b>time</b>')
    await page.getByRole('dialog').getByRole('button', { name: 'Make primary' }).press('Enter')
    await page.getByText('Switchover 1: plum to fig').waitFor()
    await session.set('/nodes/plum/routerstate', 'relinquish', ANY_VERSION)
    await session.create('/nodes/plum/transition', JSON.stringify({ epoch: 1, direction: 'relinquish', step: 1, of: 3, resource: 'floating address', released: [], since: new Date().toISOString(), error: null }))
    await page.locator('#current-nodes').getByText('step 1 of 3: floating address').waitFor()
    await page.locator('#current-left').getByText(/left of its bound of/).waitFor()
    t.ok(await page.locator('#current-progress').evaluate((node) => Number(node.getAttribute('value')) >= 0))
    await snapshot(page, 'status-in-progress')
    settle(t, session, names)
    await page.getByText('fig has been primary for').waitFor()
    await page.locator('#history td[data-outcome=succeeded]').first().waitFor()
    t.ok(await page.getByRole('cell', { name: 'tea <b>time</b>' }).isVisible(), 'what people write is text')
    await page.locator('#current').waitFor({ state: 'hidden' })
    await page.getByRole('status').getByText(/^Switchover 1 succeeded: fig is primary, after/).waitFor()
    await snapshot(page, 'status-after')

    t.comment('the whole story')
    await page.getByRole('button', { name: 'Switchover 1: the whole story' }).press('Enter')
    const story = page.getByRole('dialog', { name: 'Switchover 1' })
    await story.getByText('the primary key is written').waitFor()
    for (const text of ['tea <b>time</b>', 'ops', 'plum: relinquish', 'fig: primary']) t.ok(await story.getByText(text).first().isVisible(), text)
    await snapshot(page, 'status-story')
    await page.keyboard.press('Escape')
    await story.waitFor({ state: 'hidden' })

    t.comment('a story of a request that overrode something')
    const record = JSON.parse((await session.get(switchoverPath(1))).data) as object
    await session.set(switchoverPath(1), JSON.stringify({ ...record, force: ['health', 'priority'] }), ANY_VERSION)
    await eventually(async () => (await app.inject({ url: '/api/v1/switchover/1', headers: { 'x-api-key': OPERATE } })).body.includes('"force":["health","priority"]'))
    await page.getByRole('button', { name: 'Switchover 1: the whole story' }).press('Enter')
    await story.getByText('Preferences overridden').waitFor()
    t.ok(await story.getByText('health, priority').isVisible())
    await page.keyboard.press('Escape')
    await story.waitFor({ state: 'hidden' })

    t.comment('the history is searched')
    await page.getByLabel('Words to look for').fill('coffee')
    await page.getByText('No switchover that was read fits.').waitFor()
    await page.getByLabel('Words to look for').fill('TIME')
    t.equal(await page.locator('#history tbody tr').count(), 1)
    await page.getByLabel('Words to look for').fill('')

    t.comment('maintenance, and back')
    await page.getByRole('button', { name: 'Begin maintenance' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Begin maintenance' }).press('Enter')
    await page.getByRole('status').getByText('The cluster is in maintenance mode now.').waitFor()
    await page.locator('#banner').getByText('The cluster is in maintenance mode.').waitFor()
    t.equal((await session.get('/config/maintenance')).data, 'true')
    await page.getByRole('button', { name: 'End maintenance' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'End maintenance' }).press('Enter')
    await page.getByRole('status').getByText('The cluster is in normal mode now.').waitFor()

    t.comment('a fence is confirmed by its name, and refused beside its button')
    await session.set('/nodes/quince/daemonstate', 'dead', ANY_VERSION)
    const vouch = page.getByRole('button', { name: 'Confirm that quince is down' })
    await page.locator('#banner').getByText('quince is judged dead.').waitFor()
    await vouch.press('Enter')
    const asked = page.getByRole('dialog', { name: 'Confirm that quince is down?' })
    t.ok(await asked.getByText('Be certain that it is down').isVisible())
    t.ok(await asked.getByText('quince is judged dead.').isVisible(), 'what the API says of it')
    await asked.getByLabel('Type quince to confirm').fill('quinc')
    t.ok(await asked.getByRole('button', { name: 'It is down' }).isDisabled(), 'not by half its name')
    await snapshot(page, 'status-confirms')
    await asked.getByLabel('Type quince to confirm').fill('quince')
    // It is back meanwhile.
    await session.set('/nodes/quince/daemonstate', 'run', ANY_VERSION)
    await asked.getByRole('button', { name: 'It is down' }).press('Enter')
    await page.locator('#nodes [data-node=quince]').getByRole('alert').getByText(/Only a node that a peer has judged dead/).waitFor()
    await snapshot(page, 'status-refused')
    await session.set('/nodes/quince/daemonstate', 'dead', ANY_VERSION)
    await vouch.press('Enter')
    await asked.getByLabel('Type quince to confirm').fill('quince')
    await asked.getByRole('button', { name: 'It is down' }).press('Enter')
    await page.locator('#nodes [data-node=quince]').getByText('daemon: fenced').waitFor()
    t.equal((await session.get('/nodes/quince/daemonstate')).data, 'fenced')
    await session.set('/nodes/quince/daemonstate', 'run', ANY_VERSION)

    t.comment('what was tried again and again is one row')
    for (const epoch of [2, 3, 4]) {
      await session.create(`/switchovers/000000000${epoch}`, JSON.stringify({ epoch, from: null, to: 'fig', cause: 'contention', started_at: new Date(epoch).toISOString(), timeout: 60, outcome: 'failed', error: { code: 'acquire_failed', resource: 'tea', message: 'The kettle is cold.' } }))
    }
    await page.getByText('3 failed switchovers since').waitFor()
    t.equal(await page.locator('#history tbody tr').count(), await page.locator('#history td[data-outcome=succeeded]').count() + 1)
    t.ok(await page.getByText('The kettle is cold.').isVisible())
    await snapshot(page, 'status-retries')

    t.comment('ZooKeeper is stopped, and the API')
    await server.stop()
    await page.getByText('not up to date').waitFor()
    await snapshot(page, 'status-stale')
    await server.start()
    await page.locator('#contact[data-state=live]').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Forget key' }).press('Enter')
    await keyField.waitFor()
    t.equal(await page.evaluate('sessionStorage.length'), 0, 'the key is forgotten')
    for (const typed of ['ключ', 'x'.repeat(5_000)]) {
      await keyField.fill(typed)
      await keyField.press('Enter')
      await page.getByText('This is no API key').waitFor()
      t.equal(await page.evaluate('sessionStorage.length'), 0, 'what cannot be a key is not kept')
      t.ok(await keyField.isVisible())
    }
    t.notMatch(await page.locator('body').evaluate((body) => body.textContent), /plum|quince|tea/, 'and what it showed')
    // The refusal of the fence.
    t.strictSame(complaints.filter((text) => !/status of 409/.test(text)), [], 'the browser has nothing to complain of')
    t.strictSame(outside, [], 'and nobody else was asked for anything')
  })

  await t.test('something else answers in place of the API, as a portal that wants a log-in does', async (t) => {
    const { page, complaints } = await visit(t, browser, base)
    await page.goto('/')
    await page.getByLabel('API key').fill(OPERATE)
    await page.keyboard.press('Enter')
    await page.locator('#contact[data-state=live]').waitFor()
    for (const [contentType, body] of [['text/html', '<title>Log in</title>'], ['application/json', '{}'], ['application/json', '<title>Log in</title>']] as const) {
      t.comment(`${contentType}: ${body}`)
      await page.route('**/api/v1/**', async (route) => { await route.fulfill({ status: 200, contentType, body }) })
      await page.locator('#banner[data-tone=stale]').getByText('The reply is not of the form that this API has.').waitFor()
      await page.locator('#contact[data-state=stale]').waitFor()
      await page.getByRole('button', { name: 'Begin maintenance' }).press('Enter')
      await page.getByRole('dialog').getByRole('button', { name: 'Begin maintenance' }).press('Enter')
      await page.getByText('What became of the request is not known').waitFor()
      await page.unrouteAll({ behavior: 'wait' })
      await page.locator('#contact[data-state=live]').waitFor()
      t.equal(await page.locator('#banner[data-tone=stale]').count(), 0)
    }
    t.comment('also to a page that has just been opened')
    await page.route('**/api/v1/**', async (route) => { await route.fulfill({ status: 200, contentType: 'text/html', body: '<title>Log in</title>' }) })
    await page.reload()
    await page.getByText('The reply is not of the form that this API has.').first().waitFor()
    t.not(await page.locator('#contact').getAttribute('data-state'), 'live')
    await page.unrouteAll({ behavior: 'wait' })
    await page.locator('#contact[data-state=live]').waitFor({ timeout: 60_000 })
    t.strictSame(complaints, [], 'the browser has nothing to complain of')
  })

  await t.test('on a phone', async (t) => {
    const { page, complaints } = await visit(t, browser, base, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'dark' })
    settle(t, await connect(t, server), names)
    await page.addInitScript(`sessionStorage.setItem('api-key', ${JSON.stringify(OPERATE)})`)
    await page.goto('/')
    await page.getByText('fig has been primary for').waitFor()
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), 'nothing is wider than the screen')
    for (const box of await page.locator('#nodes button').evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height))) t.ok(box >= 44, `a finger finds it: ${box}`)
    await page.getByRole('button', { name: 'Make quince primary' }).tap()
    await snapshot(page, 'phone-asks')
    await page.getByRole('dialog').getByRole('button', { name: 'Make primary' }).tap()
    await page.getByText('quince has been primary for').waitFor()
    await snapshot(page, 'phone')
    t.strictSame(complaints, [])
  })

  await t.test('Swagger UI, with a key', async (t) => {
    const { page, complaints, outside } = await visit(t, browser, base)
    await page.goto('/docs')
    await page.getByRole('button', { name: 'Authorize' }).first().click()
    await page.locator('.auth-container input').fill(OPERATE)
    await page.locator('.auth-btn-wrapper button[type=submit]').click()
    await page.locator('.auth-btn-wrapper .btn-done').click()
    const operation = page.locator('#operations-switchover-getPrimary')
    await operation.click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    await operation.getByRole('button', { name: 'Execute' }).click()
    await operation.locator('.live-responses-table .response-col_status').first().waitFor()
    t.match(await operation.locator('.live-responses-table').first().innerText(), /200[\s\S]*"name": "quince"/)
    await snapshot(page, 'swagger')
    // Swagger UI itself sets a style where its policy allows none; nothing depends on it.
    t.strictSame(complaints.filter((text) => !text.startsWith('Applying inline style')), [])
    t.strictSame(outside, [])
  })
})
