/** Text that cannot be kept is refused by field and position, wherever a body has it; what merely looks like it is taken. */
import t from 'tap'
import { api, ask, clusterTree, everything } from '../pvcapid/support/api.ts'

const NUL = '\\u0000'

t.test('NUL and halves of surrogate pairs', async (t) => {
  const { server, session } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  const before = await everything(session)
  const headers = { 'content-type': 'application/json' }
  for (const [url, payload, field, message] of [
    ['/api/v1/switchover', `{"to":"fig","reason":"a${NUL}b"}`, '/reason', 'has the character NUL at position 2'],
    ['/api/v1/switchover', '{"to":"fig","reason":"\\ud83d"}', '/reason', 'has half of a surrogate pair at position 1, which is no character'],
    ['/api/v1/switchover', '{"to":"fig","reason":"\\ud83d\\ude00 tea \\ude00\\ud83d"}', '/reason', 'has half of a surrogate pair at position 7, which is no character'],
    ['/api/v1/switchover', `{"to":"fig${NUL}"}`, '/to', 'has the character NUL at position 4'],
    ['/api/v1/switchover', `{"from":"${NUL}"}`, '/from', 'has the character NUL at position 1'],
    ['/api/v1/node/fig/fence-confirmation', `{"confirm":"fig${NUL}"}`, '/confirm', 'has the character NUL at position 4'],
    ['/api/v1/switchover', `{"to":{"a/b":["x","${NUL}"]}}`, '/to/a~1b/1', 'has the character NUL at position 1'],
  ] as const) {
    t.match(await ask(t, app, 'POST', url, { headers, payload }), { status: 400, body: { code: 'argument_invalid', outcome: 'not_started', errors: [{ in: 'body', field, message }], detail: `${field.slice(1)} ${message}. Nothing was done; correct the request.` } }, payload)
  }
  // Of other free text none is kept: it names something that is looked up, and is not found.
  for (const [method, url] of [['GET', '/api/v1/node?limit=%00'], ['GET', '/api/v1/node/%00'], ['GET', '/role/primary?node=%00'], ['PUT', '/api/v1/faults/a%00b'], ['DELETE', '/api/v1/faults/%00'], ['POST', '/api/v1/status?state=%00'], ['POST', '/api/v1/node/a%00/coordinator-state?state=primary']] as const) {
    const { statusCode } = await app.inject({ method, url })
    t.ok(statusCode >= 400 && statusCode <= 503 && statusCode !== 500, `${method} ${url}: ${statusCode}`)
  }
  t.strictSame(await everything(session), before, 'nothing was done')
  const bytes = (text: string) => Buffer.from(text, 'latin1')
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const multipart = { 'content-type': 'multipart/form-data; boundary=x' }
  const part = (name: string, value: string, more = '') => `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  for (const [method, url, type, payload, where, field] of [
    ['POST', '/api/v1/switchover', headers, bytes('{"reason":"\xff\xfe","to":"fig","dry_run":true}'), 'body', ''],
    ['POST', '/api/v1/switchover', headers, bytes('{"reason":"\xed\xa0\x80","to":"fig","dry_run":true}'), 'body', ''],
    ['POST', '/api/v1/switchover', headers, bytes('{"reason":"\xc0\x80","to":"fig","dry_run":true}'), 'body', ''],
    ['POST', '/api/v1/node/fig/fence-confirmation', headers, bytes('{"confirm":"\xe9"}'), 'body', ''],
    ['POST', '/api/v1/status?state=true', headers, bytes('{"x":"\xe9"}'), 'body', ''],
    ['POST', '/api/v1/status', form, bytes('state=true&x=\xff'), 'body', ''],
    ['POST', '/api/v1/status', form, bytes('state=true%ff'), 'body', '/state'],
    ['POST', '/api/v1/status', form, bytes('x=%zz&state=true'), 'body', '/x'],
    ['POST', '/api/v1/status', form, bytes('%c3=x&state=true'), 'body', '/%c3'],
    ['POST', '/api/v1/status', multipart, bytes(`${part('state', 'true\xff')}--x--\r\n`), 'body', '/state'],
    ['GET', '/api/v1/node', form, bytes('limit=%e9'), 'body', '/limit'],
    ['GET', '/api/v1/node', form, bytes('limit=\xe9'), 'body', ''],
    ['GET', '/api/v1/node', multipart, bytes(`${part('limit', '\xe9')}--x--\r\n`), 'body', '/limit'],
    ['POST', '/api/v1/status?state=%ff', {}, undefined, 'querystring', '/state'],
    ['GET', '/api/v1/node?limit=%c3%28', {}, undefined, 'querystring', '/limit'],
    ['GET', '/api/v1/node?%ff=x', {}, undefined, 'querystring', '/%ff'],
    ['GET', '/role/primary?node=%ed%a0%80', {}, undefined, 'querystring', '/node'],
    ['GET', '/docs?x=%ff', {}, undefined, 'querystring', '/x'],
  ] as const) {
    const { statusCode, body } = await app.inject({ method, url, headers: type, ...payload === undefined ? {} : { payload } })
    t.match([statusCode, JSON.parse(body)], [400, { code: 'argument_invalid', errors: [{ in: where, field, message: 'has bytes that are not UTF-8' }] }], `${method} ${url} ${String(payload)}`)
  }
  t.strictSame(await everything(session), before, 'nothing was done by these either')
  t.notMatch(lines.join(), /"level":"error"/)
  t.equal((await ask(t, app, 'POST', '/api/v1/switchover', { headers, payload: '{"to":"fig","dry_run":true,"reason":"\\ud83d\\ude00 \\\\u0000 \\u0041"}' })).status, 202)
  t.equal((await ask(t, app, 'POST', '/api/v1/switchover', { headers, payload: JSON.stringify({ to: 'fig', dry_run: true, reason: `${'x'.repeat(499)}\u{1F600}` }) })).status, 202)
  t.notMatch(lines.join(), /\\ud83d/, 'a text that is cut short is cut between characters')
})
