/**
 * `npm run campaign -- pages`, second part: a real browser on a page of another origin, on a rebound name and on the API's own pages: only the last can write. The
 * pages work by plain HTTP on an address that is not loopback, below a path through Debian's nginx and HAProxy with the examples' configurations, and
 * by HTTPS, and the browser has nothing to complain of.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os, { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { freePort } from '../../../tools/testbed/free-port.ts'
import { eventually } from '../../support/zookeeper.ts'
import { api, clusterTree, everything, settle } from '../support/api.ts'
import { openBrowser } from '../support/browser.ts'
import { makeCertificate } from '../support/certificate.ts'

const own = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address
if (own === undefined) throw new Error('this machine has no address but loopback ones; give it one')

/** That the API refuses is to be seen, not that the browser would not ask. */
const browserOf = async (t: Test, rules: string): Promise<Browser> => await openBrowser(t, [`--host-resolver-rules=${rules}`, '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable'])

/** Everything that a script can try to write, in the page that it runs in; answers with what it could read. */
const ATTACK = `async (base) => {
  const outcome = []
  const attempt = async (url, options) => {
    const response = await fetch(base + url, options).catch(() => null)
    outcome.push(response === null ? 'refused by the browser' : response.type === 'opaque' ? 'opaque' : String(response.status))
  }
  const form = new URLSearchParams({ state: 'true' })
  await attempt('/api/v1/status', { method: 'POST', mode: 'no-cors', body: form })
  await attempt('/api/v1/status?state=true', { method: 'POST', mode: 'no-cors' })
  await attempt('/api/v1/status', { method: 'POST', body: form })
  await attempt('/api/v1/switchover', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"to":"fig"}' })
  navigator.sendBeacon(base + '/api/v1/node/fig/coordinator-state', new URLSearchParams({ state: 'primary' }))
  await attempt('/api/v1/node', {})
  return outcome
}`

async function submitForm (page: Page, base: string): Promise<number | undefined> {
  const answered = page.waitForResponse((response) => response.url().includes('coordinator-state') && response.request().isNavigationRequest())
  await page.evaluate(`(() => {
    const form = document.createElement('form')
    form.method = 'POST'
    form.action = ${JSON.stringify(`${base}/api/v1/node/fig/coordinator-state`)}
    form.innerHTML = '<input type="hidden" name="state" value="primary">'
    document.body.append(form)
    form.submit()
  })()`)
  const response = await answered
  await page.waitForURL('**/coordinator-state')
  return response.status()
}

t.test('who can write', { timeout: 170_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const logged: string[] = []
  const app = await api(t, { port: server.port, logTo: logged, config: { listenAddress: own } })
  const isLogged = (code: string): boolean => logged.some((line) => line.includes('a write was asked for') && line.includes('"status":403') && line.includes(`"code":"${code}"`))
  // The log has the first refusal of a client by itself, and then their number: each is counted as it is sent.
  const refused = { cross_site: 0, host_unknown: 0 }
  app.server.on('request', ({ method, headers: { host = '' } }: IncomingMessage, response: ServerResponse) => response.on('finish', () => {
    if (method === 'POST' && response.statusCode === 403) refused[host.startsWith('rebound.') ? 'host_unknown' : 'cross_site'] += 1
  }))
  const base = await app.listen({ host: own, port: 0 })
  const { port } = new URL(base)
  const evil = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>cats</title><link rel="icon" href="data:,">'))
  await new Promise<void>((resolve) => { evil.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { evil.close(); evil.closeAllConnections() })
  const browser = await browserOf(t, `MAP evil.example 127.0.0.1, MAP rebound.example ${own}`)
  const before = await everything(session)

  const foreign = await browser.newPage()
  await foreign.goto(`http://evil.example:${(evil.address() as AddressInfo).port}/`)
  t.strictSame(await foreign.evaluate(`(${ATTACK})(${JSON.stringify(base)})`), Array(5).fill('refused by the browser'), 'another origin: nothing can be read')
  t.equal(await submitForm(foreign, base), 403, 'a hidden form')
  // A body of JSON has a preflight before it, which is not answered.
  await eventually(() => refused.cross_site >= 5)
  t.ok(isLogged('cross_site'), 'the log has it')
  t.equal(refused.cross_site, 5, 'all that the browser sent was refused: two blind, one plain, a beacon, a form')
  t.strictSame(await everything(session), before, 'and nothing was written')

  const rebound = await browser.newPage()
  // What its server sent before its name was pointed here.
  await rebound.route('**/trap', async (route) => await route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>cats</title><link rel="icon" href="data:,">' }))
  await rebound.goto(`http://rebound.example:${port}/trap`)
  t.strictSame(await rebound.evaluate(`(${ATTACK})('')`), Array(5).fill('403'), 'a rebound name')
  t.equal(await submitForm(rebound, ''), 403, 'a hidden form')
  // Its origin is its host, as far as the browser can tell: only the host gives it away.
  await eventually(() => refused.host_unknown >= 6)
  t.equal(refused.host_unknown, 6)
  t.ok(isLogged('host_unknown'), 'the log has it')
  t.strictSame(await everything(session), before, 'nothing was written')
  await rebound.goto(`http://rebound.example:${port}/`)
  await rebound.getByText('is not known as a name of this API').first().waitFor()

  settle(t, session, ['plum', 'fig', 'quince'])
  const page = await browser.newPage()
  await page.goto(`${base}/`)
  await page.getByRole('button', { name: 'Make fig primary' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make primary' }).click()
  await page.getByText('fig has been primary for').waitFor()
})

interface Site { readonly base: string, readonly options: BrowserContextOptions }

async function program (t: Test, words: readonly [string, ...string[]], env: Readonly<Record<string, string>>, base: string): Promise<void> {
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const failed = ended.then(() => { throw new Error(`${words[0]} ended: ${said}`) })
  failed.catch(() => {})
  await Promise.race([eventually(async () => await fetch(`${base}/health/live`).then(({ ok }) => ok, () => false)), failed])
}

async function behindNginx (t: Test, api: URL): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const port = await freePort()
  writeFileSync(join(folder, 'pvc.conf'), readFileSync('examples/nginx/pvc.conf', 'utf8').replaceAll('127.0.0.1:7370', api.host))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${temporary} server { listen ${own}:${port}; include ${folder}/pvc.conf; } }`)
  const base = `http://${own}:${port}/pvc`
  await program(t, ['/usr/sbin/nginx', '-p', folder, '-c', join(folder, 'nginx.conf')], {}, base)
  return { base, options: {} }
}

async function behindHAProxy (t: Test, api: URL): Promise<Site> {
  const port = await freePort()
  const base = `http://${own}:${port}/pvc`
  await program(t, ['haproxy', '-db', '-f', 'examples/haproxy/prefix.cfg'], { HAPROXY_BIND: `${own}:${port}`, PVCAPID: api.host }, base)
  return { base, options: {} }
}

t.test('the pages, wherever they are served', { timeout: 290_000 }, async (t) => {
  const browser = await browserOf(t, 'MAP nothing.example 127.0.0.1')
  const sites: ReadonlyArray<readonly [string, (t: Test, port: number) => Promise<Site>]> = [
    ['plain HTTP on an address that is not loopback', async (t, port) => ({ base: await (await api(t, { port, config: { listenAddress: own } })).listen({ host: own, port: 0 }), options: {} })],
    ['behind nginx, below a path', async (t, port) => await behindNginx(t, new URL(await (await api(t, { port, config: { trustedProxies: ['127.0.0.1'] } })).listen({ host: '127.0.0.1', port: 0 })))],
    ['behind HAProxy, below a path', async (t, port) => await behindHAProxy(t, new URL(await (await api(t, { port, config: { trustedProxies: ['127.0.0.1'] } })).listen({ host: '127.0.0.1', port: 0 })))],
    ['HTTPS', async (t, port) => ({ base: (await (await api(t, { port, tls: makeCertificate(t.testdir(), 'api') })).listen({ host: '127.0.0.1', port: 0 })).replace('http:', 'https:'), options: { ignoreHTTPSErrors: true } })],
  ]
  for (const [what, open] of sites) {
    await t.test(what, async (t) => {
      const { server, session } = await clusterTree(t)
      settle(t, session, ['plum', 'fig', 'quince'])
      const { base, options } = await open(t, server.port)
      const context = await browser.newContext({ ...options, viewport: { width: 360, height: 740 } })
      t.teardown(async () => await context.close())
      const page = await context.newPage()
      const complaints: string[] = []
      const outside: string[] = []
      page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('request', (request) => { if (!request.url().startsWith(base) && !request.url().startsWith('data:')) outside.push(request.url()) })

      await page.goto(`${base}/`)
      await page.getByText('plum has been primary for').waitFor()
      await page.getByRole('button', { name: 'Make fig primary' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Make primary' }).click()
      await page.getByText('fig has been primary for').waitFor()
      await page.getByRole('link', { name: 'API' }).click()
      const operation = page.locator('#operations-switchover-getPrimary')
      await operation.click()
      await operation.getByRole('button', { name: 'Try it out' }).click()
      await operation.getByRole('button', { name: 'Execute' }).click()
      await operation.locator('.live-responses-table .response-col_status').first().waitFor()
      t.match(await operation.locator('.live-responses-table').first().innerText(), /200[\s\S]*"name": "fig"/)
      t.match(await operation.locator('.request-url').innerText(), new RegExp(`${base.replaceAll('.', '\\.')}/api/v1/primary`))
      t.equal(await page.title(), 'pvcapid: API')
      t.ok(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), 'nothing is wider than a phone')
      t.equal(await page.locator('.topbar').count(), 0, 'no mark of the framework')
      await page.evaluate("localStorage.setItem('authorized', 'an old key')")

      for (const url of ['/docs', '/docs/']) {
        await page.goto(`${base}${url}`)
        await page.getByRole('button', { name: 'Authorize' }).first().click()
        await page.locator('.auth-container input').fill('a-key-of-operators')
        await page.locator('.auth-btn-wrapper button[type=submit]').click()
        await page.locator('.auth-btn-wrapper .btn-done').click()
        t.equal(await page.evaluate('JSON.stringify(Object.values(localStorage))'), '[]', `${url}: no key is kept, nor an old one`)
        await page.getByRole('link', { name: 'Status of the cluster' }).click()
        await page.getByText('fig has been primary for').waitFor()
        t.equal(page.url(), `${base}/`)
      }
      t.strictSame(complaints, [], 'the browser has nothing to complain of')
      t.strictSame(outside, [], 'and nobody else was asked for anything')
    })
  }
})
