/** What has come of requests whose heads are not whole is bounded like requests. */
import t from 'tap'
import { ManualClock } from '../../support/manual-clock.ts'
import { eventually } from '../../support/zookeeper.ts'
import { bareServer, client } from '../support/bare-server.ts'

t.test('of many connections, heads that are not whole count as well, behind another request, too', async (t) => {
  const clock = new ManualClock()
  const { port, connections, ended } = await bareServer(t, { clock, perAddress: 1_000, requestBytes: 3_000_000 }, Buffer.from('x'))
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n'
  const part = `${get}X: ${'x'.repeat(9_000)}`
  const quiet = await Promise.all(Array.from({ length: 220 }, async () => await client(t, port, `${get}\r\n`)))
  const posts = await client(t, port, `POST${get.slice(3)}Content-Length: 30000\r\n\r\n${'x'.repeat(10_000)}`)
  await eventually(() => [...quiet, posts].every(({ said }) => said().endsWith('x')))
  posts.socket.write('x'.repeat(20_000))
  const begun = await Promise.all(Array.from({ length: 200 }, async () => await client(t, port, part)))
  const behind = await Promise.all(Array.from({ length: 100 }, async () => await client(t, port, `${get}X:   1\r\n\r\n${part}`)))
  await eventually(() => connections.open === 521 && behind.every(({ said }) => said().endsWith('x')))
  const look = (): number => {
    clock.advance(250)
    return connections.requestBytes
  }
  const whole = 300 * part.length
  await eventually(() => look() >= whole)
  t.ok(look() < whole + 10_000, `${connections.requestBytes} of ${whole} bytes: whole requests and bodies do not count`)
  t.strictSame(ended, [])
  begun[0]?.socket.write('\r\n\r\n')
  await eventually(() => begun[0]?.said().endsWith('x') === true)
  t.ok(connections.requestBytes < whole - 8_000, 'nothing once it is whole')
  const more = await Promise.all(Array.from({ length: 60 }, async () => await client(t, port, part)))
  await eventually(() => { look(); return ended.length > 0 })
  t.ok(ended.every((reason) => reason === 'bytes') && connections.requestBytes <= 3_000_000, ended.join())
  for (const { socket } of [...quiet, posts, ...begun, ...behind, ...more]) socket.destroy()
  await eventually(() => connections.open === 0)
  clock.advance(250)
  t.strictSame([connections.requestBytes, clock.running], [0, 0])
})
