/**
 * The HTTP or HTTPS server below the application. Its limits are for clients that send slowly, much, or never end: a request has to come
 * within its time and size, and connections are bounded. What it refuses by itself is answered as a problem, too.
 */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { ApiError, type ProblemCode } from './errors.ts'
import type { ApiConfig } from './config.ts'
import { problemBody, PROBLEM_TYPE } from './problem.ts'

const options: ServerOptions = {
  /** Milliseconds within which the headers of a request have to have arrived. */
  headersTimeout: 10_000,
  /** Milliseconds within which a request has to have arrived whole. */
  requestTimeout: 30_000,
  /** Milliseconds between two looks at who is late. */
  connectionsCheckingInterval: 5_000,
  /** Milliseconds that an idle connection is kept: longer than load balancers keep theirs. */
  keepAliveTimeout: 72_000,
  /** Asked for by the application, which says what is wrong. */
  requireHostHeader: false,
  /** Bytes of a request's line and headers together. */
  maxHeaderSize: 16_384,
}

type Tls = NonNullable<ApiConfig['tls']>
const certificate = ({ certFile, keyFile }: Tls) => ({ cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: 'TLSv1.2' as const })

/** @param tls undefined for plain HTTP; the files were found good when the configuration was loaded */
export function httpServer ({ tls, limits }: Pick<ApiConfig, 'tls' | 'limits'>, handler: RequestListener): Server {
  const server = tls === undefined ? createServer(options, handler) : createTlsServer({ ...options, ...certificate(tls) }, handler)
  server.maxConnections = limits.connections
  // An expectation that nobody knows is passed over.
  server.on('checkExpectation', handler)
  return server
}

/** New connections get the certificate that the files hold now; present ones go on with theirs. Throws if the files cannot be used. */
export function renewCertificate (server: Server, tls: Tls): void {
  (server as TlsServer).setSecureContext(certificate(tls))
}

/** What the parser refuses → the problem and its status line. */
const refusals: Readonly<Record<string, readonly [ProblemCode, string, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', '431 Request Header Fields Too Large', 'The request line and the headers together are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_too_slow', '408 Request Timeout', 'The request did not arrive in time.'],
}
const malformed = ['malformed_request', '400 Bad Request', 'This is not a request by HTTP.'] as const

/** Answers what never became a request, and ends the connection. */
export function refuseConnection (error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, line, sentence] = refusals[error.code ?? ''] ?? malformed
  const body = JSON.stringify(problemBody(new ApiError(code, `${sentence} Nothing was done; correct the request.`), '/'))
  socket.end(`HTTP/1.1 ${line}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n${body}`, () => {
    // Not before the reply is sent; but a client that does not hang up would keep the connection for ever.
    socket.destroy()
  })
}
