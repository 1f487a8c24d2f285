/**
 * `npm run campaign -- conditions`: every condition on every surface, with the status page open in Chromium and a Prometheus that evaluates the rules of
 * the examples; prints the table, and fails where a surface is missing or late.
 */
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { conditionKinds } from '../../src/core/conditions/kinds.ts'
import { openBrowser, plain } from './support/browser.ts'
import { cases, type Case } from './support/condition-cases.ts'
import { run, tableOf, type MoreSurfaces, type Place } from './support/condition-surfaces.ts'
import { prometheus, type Alert } from './support/prometheus.ts'

/** An API that has no contact says so in another alert than that of a condition of the cluster. */
const isAlertOf = ({ code, node }: Case) => ({ labels }: Alert) => code === 'view_stale' ? labels['alertname'] === 'PvcapidNotReady' : labels['code'] === code && (node === null || labels['node'] === node)

let loads = 0

async function viewers (t: Test, { app }: Place): Promise<MoreSurfaces> {
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const { alerts } = await prometheus(t, `127.0.0.1:${port}`)
  const page = await (await openBrowser(t)).newPage()
  page.on('load', () => { loads += 1 })
  await page.goto(base)
  await page.locator('#contact[data-state=live]').waitFor()
  let state = ''
  return {
    looks: [
      async (_each, message) => ({ page: message !== null && (await page.locator('#banner').textContent() ?? '').includes(plain(message)) }),
      async (each) => {
        const alert = (await alerts()).find(isAlertOf(each))
        state = alert?.state ?? ''
        return { alert: alert !== undefined }
      },
    ],
    remark: () => `alert ${state}`,
  }
}

t.test('every condition', { timeout: 900_000 }, async (t) => {
  t.strictSame(cases.map(({ code }) => code).sort(), Object.keys(conditionKinds).sort(), 'every kind has its case')
  const rows = await run(t, null, viewers)
  t.equal(rows.length, cases.length)
  t.equal(loads, 1, 'the page was loaded once')
  t.comment('Milliseconds until a condition had appeared (after the time that is its own) / until it was gone after its end.')
  for (const line of tableOf(rows)) t.comment(line)
})
