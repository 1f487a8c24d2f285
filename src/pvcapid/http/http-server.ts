/**
 * The HTTP or HTTPS server below the application. Its limits are for clients that send slowly, much, never, or never end: a TLS handshake and a
 * request have to come within their time and size, and connections are bounded (`connections.ts`). What it refuses by itself is answered as a
 * problem, too.
 */
import { constants } from 'node:crypto'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { readConfigFile } from '../../runtime/config/config-file.ts'
import type { BasePath } from './base-path.ts'
import { ApiError, type ProblemCode } from '../errors/errors.ts'
import type { ApiConfig } from '../config/api-config.ts'
import { HEADER_BYTES } from '../request/bounds.ts'
import { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import { holdContinue } from './expect-continue.ts'
import { isEnding, problemText } from './last-reply.ts'
import { trackedResponse } from './tracked-response.ts'

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
  maxHeaderSize: HEADER_BYTES,
}

/** The methods that some route takes, for a target that is none of them. */
const TAKEN = 'DELETE, GET, HEAD, OPTIONS, POST, PUT'

/** Milliseconds within which a TLS handshake has to be done. */
const HANDSHAKE = 5_000

type Tls = NonNullable<ApiConfig['tls']>

/** With forward secrecy and authenticated encryption alone: every suite of TLS 1.3, and these of TLS 1.2. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256',
  ...['AES256-GCM-SHA384', 'CHACHA20-POLY1305', 'AES128-GCM-SHA256'].flatMap((name) => [`ECDHE-ECDSA-${name}`, `ECDHE-RSA-${name}`]),
].join(':')

const certificate = ({ certFile, keyFile, minVersion, clientCaFile }: Tls) => ({
  ...clientCaFile === undefined ? {} : { ca: readConfigFile(clientCaFile) },
  cert: readConfigFile(certFile),
  key: readConfigFile(keyFile),
  minVersion,
  ciphers: CIPHERS,
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
})

/** Whether a client is asked for a certificate, and refused without one. */
const demand = ({ clientCaFile, requireClientCertificate = false }: Tls) => ({ requestCert: clientCaFile !== undefined, rejectUnauthorized: requireClientCertificate })

export interface HttpServerOptions {
  /** `tls` is undefined for plain HTTP; its files were found good when the configuration was loaded. */
  readonly config: Pick<ApiConfig, 'tls' | 'limits'>
  readonly connections: Connections
  /** The root unless given. */
  readonly basePath?: BasePath
  /** Told of each connection whose TLS handshake is done. */
  readonly onSecure?: (socket: TLSSocket) => void
}

export function httpServer ({ config: { tls, limits }, connections, basePath, onSecure }: HttpServerOptions, handler: RequestListener): Server {
  const listener = connections.listener(handler)
  const common: ServerOptions = { ...options, ServerResponse: trackedResponse((socket) => connections.writing(socket)) }
  const server = tls === undefined
    ? createServer(common, listener)
    : createTlsServer({ ...common, ...certificate(tls), ...demand(tls), handshakeTimeout: HANDSHAKE, allowHalfOpen: true }, listener)
  server.maxConnections = limits.connections
  // Every header counts, or the request is refused: one that is left out could be a condition.
  server.maxHeadersCount = 0
  // A client that has closed its side gets its replies.
  ;(server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
  enterInTurn(server, connections)
  server.on('drop', (data) => connections.refused('total', data?.remoteAddress ?? ''))
  if (tls !== undefined) server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => connections.refused('handshake', socket.remoteAddress ?? '', error))
  if (onSecure !== undefined) server.prependListener('secureConnection', onSecure)
  if (tls?.clientCaFile !== undefined) server.prependListener('secureConnection', forgetVerification)
  if (tls !== undefined) server.on('secureConnection', (socket: TLSSocket) => connections.opened(socket))
  // An unknown expectation is ignored.
  server.on('checkExpectation', listener)
  server.on('checkContinue', (request, response) => {
    holdContinue(response)
    listener(request, response)
  })
  // A tunnel is nothing that this server opens.
  server.on('connect', (request, socket: Duplex) => connections.endWith(socket as Socket, problemText(new ApiError('method_not_allowed', 'This is no proxy; CONNECT is not taken. Nothing was done.', { headers: { allow: TAKEN } }), basePath?.seen(request, '/') ?? '/')))
  return server
}

/**
 * A client certificate that cannot be verified leaves an error in OpenSSL's queue, where the next read of this connection would take it for its own: the request
 * of that client would be refused as no HTTP, and its end would not be noticed. Node clears the queue as it looks at the certificate.
 */
function forgetVerification (socket: TLSSocket): void {
  if (!socket.authorized) socket.getPeerCertificate()
}

/** A new connection is not read until TLS or HTTP is begun on it, and that has its turn. */
function enterInTurn (server: Server, connections: Connections): void {
  const accepting = server as Server & { pauseOnConnect: boolean }
  const listeners = server.listeners('connection') as Array<(this: Server, socket: Socket) => void>
  server.removeAllListeners('connection')
  accepting.pauseOnConnect = true
  const begin = (socket: Socket) => {
    // A TLS connection asks for it again, and its handshake has to be read.
    accepting.pauseOnConnect = false
    for (const listener of listeners) listener.call(server, socket)
    accepting.pauseOnConnect = true
    if (server instanceof TlsServer) return
    socket.resume()
    connections.opened(socket)
  }
  server.on('connection', (socket: Socket) => { if (connections.admit(socket)) connections.enter(socket, () => begin(socket)) })
}

/** New connections get the certificates that the files hold now; present ones continue with theirs. Throws if the files cannot be used. */
export function renewCertificate (server: Server, tls: Tls): void {
  (server as TlsServer).setSecureContext(certificate(tls))
}

/** What the parser refuses → the problem. */
const refusals: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', `The request line and the headers together are longer than ${HEADER_BYTES} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_too_slow', 'The request did not arrive in time.'],
  HPE_INVALID_VERSION: ['http_version_unsupported', 'The request line does not end with HTTP/1.1 or HTTP/1.0 and CR LF.'],
  HPE_PAUSED_H2_UPGRADE: ['http_version_unsupported', 'This is HTTP/2.'],
  HPE_INVALID_METHOD: ['malformed_request', 'This does not begin with a method of HTTP; methods are in upper case.'],
}

/** @param error its `reason` is the parser's own, which quotes nothing of the request */
function refusalOf ({ code = '', reason }: NodeJS.ErrnoException & { readonly reason?: unknown }): readonly [ProblemCode, string] {
  return refusals[code] ?? ['malformed_request', `This is not a request by HTTP${code.startsWith('HPE_') && typeof reason === 'string' && reason !== '' ? `: ${reason}` : ''}.`]
}

/**
 * Answers what never became a request, after every reply to what came before it, and ends the connection. What is wrong with the rest of a request that has
 * its reply ends it without another.
 * @param root where the API is, as its clients see it
 */
export function refuseConnection (error: NodeJS.ErrnoException, socket: Duplex, root: string, connections: Connections): void {
  const connection = Connection.of(socket)
  if ((isEnding(socket) || connection?.isStopped === true) && error.code !== 'ECONNRESET') return
  // Of a TLS that is broken nothing can be said either: neither a reply nor the client's end would come through.
  if (socket instanceof TLSSocket && error.code?.startsWith('ERR_SSL_') === true) {
    socket.destroy()
    return
  }
  // Before TLS nothing can be said.
  if (error.code === 'ECONNRESET' || !socket.writable || (socket instanceof TLSSocket && isInHandshake(socket))) {
    socket.destroy()
    return
  }
  const [code, sentence] = refusalOf(error)
  const refuse = () => connections.endWith(socket as Socket, connection?.isReplied === true ? '' : problemText(new ApiError(code, `${sentence} Nothing was done; correct the request.`), root))
  if (connection === null) refuse()
  else connection.whenAnswered(refuse)
}

const isInHandshake = (socket: TLSSocket): boolean => (socket as TLSSocket & { readonly secureConnecting?: boolean }).secureConnecting !== false
