/** One request of a client that waits no longer than it says. */
import http from 'node:http'
import https from 'node:https'

export interface AskOptions {
  /** Milliseconds without a byte at most. */
  readonly patience?: number
  /** A connection of its own unless given. */
  readonly agent?: http.Agent
  readonly localAddress?: string
}

/** The certificate is not verified. Rejects after `patience` milliseconds without a byte. */
export async function ask (url: string, { patience = 5_000, agent, localAddress }: AskOptions = {}): Promise<{ readonly status: number, readonly text: string }> {
  return await new Promise((resolve, reject) => {
    const { get } = url.startsWith('https:') ? https : http
    const request = get(url, { agent: agent ?? false, localAddress, rejectUnauthorized: false, timeout: patience }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => { text += chunk.toString() }).on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    request.on('error', reject).on('timeout', () => request.destroy(new Error(`no reply within ${patience} ms`)))
  })
}
