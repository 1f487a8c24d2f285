/** The HTTP or HTTPS server below the application. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { ApiConfig } from './config.ts'

const options: ServerOptions = {
  /** Milliseconds within which a request has to have arrived whole. */
  requestTimeout: 30_000,
  /** Milliseconds that an idle connection is kept: longer than load balancers keep theirs. */
  keepAliveTimeout: 72_000,
}

/** @param tls undefined for plain HTTP; the files were found good when the configuration was loaded */
export function httpServer (tls: ApiConfig['tls'], handler: RequestListener): Server {
  if (tls === undefined) return createServer(options, handler)
  return createTlsServer({ ...options, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile), minVersion: 'TLSv1.2' }, handler)
}
