/** A bare HTTP server that holds every request, or every stream, and answers all of them at once when told: `node hold.js FILE`. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

interface Constant { readonly status: number, readonly headers: Record<string, string>, readonly first: string, readonly body: string, readonly isStream: boolean }

const { status, headers, first, body, isStream } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Constant
const held = new Set<ServerResponse>()
const server = createServer({ keepAliveTimeout: 72_000, connectionsCheckingInterval: 5_000 }, (_request, response) => {
  held.add(response)
  response.once('close', () => held.delete(response))
  if (isStream) response.writeHead(status, headers).write(first)
})
server.listen(0, '127.0.0.1', 4_096, () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })))
createInterface({ input: process.stdin }).on('line', (state) => {
  const said = body.replace(/"coordinator_state":"[a-z]+"/, `"coordinator_state":"${state}"`)
  if (state !== '') for (const response of held) isStream ? response.write(said) : response.writeHead(status, headers).end(said)
  console.log(String(held.size))
})
