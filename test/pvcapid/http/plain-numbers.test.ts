/** Every header and parameter that is read as a number or an entity tag: one way of writing it is taken, and each other one is refused or matches nothing. */
import t from 'tap'
import { api, ask, clusterTree, everything, settle, wish } from '../support/api.ts'

/** Ways of writing 2 that are not the plain one. */
const odd = ['02', '+2', '2e0', '0x2', ' 2', '2 ', '2.', '.2', '-2', '-0', '٢', '2,0', ''] as const

t.test('integers and numbers of queries and paths', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  settle(t, session, ['plum', 'fig', 'quince'])
  for (const to of ['fig', 'quince', 'plum']) t.equal((await wish(t, app, { to }, '?wait=20')).status, 200)
  const parameters: ReadonlyArray<readonly [at: (text: string) => string, isInteger: boolean]> = [
    [(text) => `/api/v1/switchover/${text}`, true],
    [(text) => `/api/v1/switchover?limit=${text}`, true],
    [(text) => `/api/v1/switchover?before=${text}`, true],
    [(text) => `/api/v1/node/plum/log?lines=${text}`, true],
    [(text) => `/api/v1/primary?wait=${text}`, false],
    [(text) => `/api/v1/switchover/2?wait=${text}`, false],
    [(text) => `/api/v1/node/plum/coordinator-state?wait=${text}`, false],
  ]
  for (const [at, isInteger] of parameters) {
    t.equal((await ask(t, app, 'GET', at('2'))).status, 200, at('2'))
    t.equal((await ask(t, app, 'GET', at('2.0'))).status, isInteger ? 400 : 200, at('2.0'))
    for (const text of odd) {
      // An empty part of a path is another path.
      if (text === '' && at('').endsWith('/')) continue
      t.match(await ask(t, app, 'GET', at(encodeURIComponent(text))), { status: 400, body: { code: 'argument_invalid', detail: /decimal digits|must be at least [01]/ } }, at(text))
    }
  }
  const before = await everything(session)
  for (const text of ['02', '+2', '2e0', ' 2', '-0']) t.match(await wish(t, app, { to: 'fig' }, `?wait=${encodeURIComponent(text)}`), { status: 400, body: { outcome: 'not_started' } }, text)
  // JSON has numbers of its own: a text is none.
  t.match(await wish(t, app, { to: 'fig', timeout: '60' }), { status: 400, body: { errors: [{ field: '/timeout' }] } })
  t.strictSame(await everything(session), before)
})

t.test('If-Match compares strongly; what is neither a tag nor a plain epoch is refused', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  settle(t, session, ['plum', 'fig', 'quince'])
  for (const to of ['fig', 'plum']) t.equal((await wish(t, app, { to }, '?wait=20')).status, 200)
  const tagOf = async (url: string) => String((await ask(t, app, 'GET', `${url}?consistent`)).headers['etag'])
  const writes: ReadonlyArray<readonly [url: string, tag: string, takesEpoch: boolean, payload?: object]> = [
    ['/api/v1/switchover', await tagOf('/api/v1/primary'), true, { to: 'fig', dry_run: true }],
    ['/api/v1/node/fig/coordinator-state?state=primary', await tagOf('/api/v1/primary'), true],
    ['/api/v1/node/fig/coordinator-state?state=primary', await tagOf('/api/v1/node/fig/coordinator-state'), true],
    ['/api/v1/node/fig/domain-state?state=flush', await tagOf('/api/v1/node/fig/domain-state'), false],
    ['/api/v1/status?state=true', await tagOf('/api/v1/status'), false],
  ]
  const before = await everything(session)
  for (const [url, tag, takesEpoch, payload] of writes) {
    const send = async (ifMatch: string) => (await ask(t, app, 'POST', url, { headers: { 'if-match': ifMatch }, ...payload === undefined ? {} : { payload } })).status
    for (const text of [`W/${tag}`, 'W/"2"', '"02"', '"2e0"', '"+2"', `"x", W/${tag}`]) t.equal(await send(text), 412, `${url} ${text}`)
    for (const text of [...odd.filter((each) => each.trim() !== '2' && each !== '٢' && each !== ''), '" 2"', '2.0', '2.1', 'W/2', 'w/"2"', '"2', '2"', `${tag}x`, `${tag} ${tag}`, '2, 2', ...takesEpoch ? [] : ['2']]) t.equal(await send(text), 400, `${url} ${text}`)
  }
  t.strictSame(await everything(session), before, 'nothing was done')
  for (const ifMatch of ['2', ' 2 ', '"2"', String(writes[0]?.[1]), `"x", ${String(writes[0]?.[1])}`, '*']) t.equal((await wish(t, app, { to: 'fig', dry_run: true }, '', { 'if-match': ifMatch })).status, 202, ifMatch)
  for (const [url, tag] of writes.slice(2)) t.equal((await ask(t, app, 'POST', url, { headers: { 'if-match': url.includes('/status?') ? await tagOf('/api/v1/status') : tag } })).status, 200, url)
})

t.test('If-None-Match compares weakly, and what is no tag matches nothing', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  for (const url of ['/api/v1/primary', '/api/v1/status', '/api/v1/node', '/openapi.json']) {
    const etag = String((await app.inject(url)).headers['etag'])
    const status = async (tag: string) => (await app.inject({ url, headers: { 'if-none-match': tag } })).statusCode
    for (const tag of [etag, `W/${etag}`, `"x", W/${etag}`, '*']) t.equal(await status(tag), 304, `${url} ${tag}`)
    for (const tag of [etag.replaceAll('"', ''), `w/${etag}`, `W/ ${etag}`, '"0"', '0', `${etag}x`]) t.equal(await status(tag), 200, `${url} ${tag}`)
  }
})

t.test('Last-Event-ID that is not of the form of an id is taken as none', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  for (const id of ['2', '02', '+2', 'x', '000000000000000G', '00000000000000002']) {
    const leaving = new AbortController()
    const reply = await fetch(`${base}/api/v1/events`, { headers: { 'last-event-id': id }, signal: leaving.signal })
    const reader = reply.body?.getReader()
    t.match(new TextDecoder().decode((await reader?.read())?.value), /event: resync/, id)
    leaving.abort()
  }
})
