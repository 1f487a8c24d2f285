/** A parameter or field that a route does not know is an error at every route there is, and the error says what was probably meant. */
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { api, ask, clusterTree, everything } from '../pvcapid/support/api.ts'
import { routesOf } from '../pvcapid/support/routes.ts'

t.test('every route', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.ready()
  const before = await everything(session)
  const routes = routesOf(app)
  t.ok(routes.length > 50, `${routes.length} routes`)
  for (const [method, url] of routes) {
    for (const query of ['?nonsense=1', '?nonsense', '?__proto__=1', '?constructor=1', '?=1']) {
      await turn()
      const { statusCode, body } = await app.inject({ method, url: `${url}${query}` })
      if (url.startsWith('/health/')) {
        t.equal(statusCode, 200, `${method} ${url}${query} is ignored`)
        continue
      }
      t.equal(statusCode, 400, `${method} ${url}${query}`)
      if (method !== 'HEAD') t.match(JSON.parse(body), { code: 'argument_invalid' })
    }
  }
  t.strictSame(await everything(session), before)
})

t.test('what was meant, and what is given twice', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const before = await everything(session)
  for (const [method, url, sentence] of [
    ['GET', '/role/primary?nod=hv2', /^nod is no parameter here; did you mean "node"\?/],
    ['OPTIONS', '/role/secondary?Node=hv2', /^Node is no parameter here; did you mean "node"\?/],
    ['GET', '/api/v1/node?coordinator_sate=primary', /^coordinator_sate .* did you mean "coordinator_state"\?/],
    ['GET', '/api/v1/node/plum/log?line=3', /did you mean "lines"\?/],
    ['GET', '/api/v1/primary?wat=1', /did you mean "wait"\?/],
    ['GET', '/api/v1/status?consistant', /did you mean "consistent"\?/],
    ['GET', '/metrics?x', /^x is no parameter here; there are none\. Nothing was done/],
    ['POST', '/api/v1/status?sate=true', /did you mean "state"\?/],
    ['POST', '/api/v1/node/fig/coordinator-state?state=primary&wait=5', /^wait is no parameter here; there are state\./],
    ['GET', `/api/v1/primary?${'x'.repeat(5_000)}=1`, /^x{64} is no parameter here/],
    ['GET', `/api/v1/primary?${Array.from({ length: 500 }, (_, at) => `p${at}=1`).join('&')}`, /^.{0,2000}$/],
  ] as const) {
    t.match(await ask(t, app, method, url), { status: 400, body: { code: 'argument_invalid', detail: sentence } }, url.slice(0, 80))
  }
  for (const url of ['/role/primary?node=fig&node=plum', '/api/v1/node?limit=a&limit=b', '/api/v1/node?daemon_state=run&daemon_state=stop', '/api/v1/primary?wait=1&wait=1', '/api/v1/status?consistent&consistent', '/api/v1/switchover?each&each', '/api/v1/node/plum/log?lines=1&lines=2']) {
    t.match(await ask(t, app, 'GET', url), { status: 400, body: { code: 'argument_invalid', detail: /^\w+ is given more than once\. Nothing was done/ } }, url)
  }
  t.comment('fields')
  t.match(await ask(t, app, 'POST', '/api/v1/switchover', { payload: { too: 'fig' } }), { status: 400, body: { detail: /too is no field here; did you mean "to"\?/, errors: [{ in: 'body', field: '/too' }] } })
  t.match(await ask(t, app, 'POST', '/api/v1/node/fig/fence-confirmation', { payload: { confirm: 'fig', confrim: 'fig' } }), { status: 400, body: { detail: /confrim is no field here; did you mean "confirm"\?/ } })
  t.match(await ask(t, app, 'POST', '/api/v1/node/fig/domain-state', { payload: 'state=flush&stat=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }), { status: 400, body: { detail: /^stat is no field here; did you mean "state"\?/ } })
  t.strictSame(await everything(session), before)
})
