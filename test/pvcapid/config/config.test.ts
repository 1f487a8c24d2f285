import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemText } from '../../../src/runtime/config/config-problem.ts'
import { exposureProblems } from '../../../src/runtime/config/exposure.ts'
import { certificatesIn } from '../../../src/pvcapid/access/client-certificates.ts'
import { loadApiConfig } from '../../../src/pvcapid/config/config.ts'
import { apiConfigSchema } from '../../../src/pvcapid/config/schema.ts'
import { loadNodeConfig } from '../../../src/pvcnoded/config/config.ts'
import { makeCertificate } from '../support/certificate.ts'

type Test = Pick<typeof t, 'testdir'>

/** Loads `text` from a file; problems come back as text, with the file's name cut to `f`. */
function loaded (t: Test, text: string) {
  const file = join(t.testdir(), 'pvcapid.yaml')
  writeFileSync(file, text)
  const result = loadApiConfig(file)
  return { result, problems: result.problems.map((problem) => problemText({ ...problem, file: 'f' })) }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()

t.test('the example loads', async (t) => {
  const result = loadApiConfig('pvcapid.yaml.example')
  t.same(result.problems, [])
  t.match(result.ok && result.value, { node: 'hv1', listenPort: 7370, tokens: [{ description: 'monitoring', role: 'read' }] })
})

t.test('the least there can be, with every default', async (t) => {
  const { result } = loaded(t, 'pvc: {coordinators: [hv1]}\n')
  t.same(result.problems, [])
  t.same(result.ok && result.value, { node: undefined, servers: [{ host: 'hv1', port: 2181 }], sessionTimeout: 10_000, listenAddress: '127.0.0.1', listenPort: 7370, tokens: undefined, tls: undefined, limits: { connections: 20_000, connectionsPerAddress: 2_000, waiters: 20_000, waitersPerClient: 5_000, eventStreams: 1_000, eventStreamsPerClient: 250, failedAuthentications: 60, writes: 600 }, trustedProxies: [], hostnames: [], allowedOrigins: [], logLevel: 'info' })
})

t.test('everything set: seconds become milliseconds, keys become digests', async (t) => {
  const { result, problems } = loaded(t, `pvc:
  node: hv1
  coordinators: [hv1, "10.0.0.2:2182", "[fd00::1]", "[fd00::1]:2182"]
  zookeeper: {session_timeout: 12.5}
  api:
    listen_address: "0.0.0.0"
    listen_port: 0
    authentication:
      enabled: true
      tokens:
        - {description: ops, token: sesame-sesame-sesame, role: operate}
        - {description: eyes, token_sha256: ${sha256('look').toString('hex').toUpperCase()}, role: read}
    limits: {connections: 100, connections_per_address: 50, event_streams: 7, failed_authentications: 0, writes: 1}
    trusted_proxies: [127.0.0.1, "fd00::/8"]
    hostnames: [PVC.example.com., "fd00::FE", 10.0.0.254]
    allowed_origins: ["https://ops.example.com", "http://10.0.0.9:8080/"]
  log_level: debug
`)
  t.same(problems, [])
  t.same(result.ok && result.value, {
    node: 'hv1',
    servers: [{ host: 'hv1', port: 2181 }, { host: '10.0.0.2', port: 2182 }, { host: 'fd00::1', port: 2181 }, { host: 'fd00::1', port: 2182 }],
    sessionTimeout: 12_500,
    listenAddress: '0.0.0.0',
    listenPort: 0,
    tokens: [{ description: 'ops', role: 'operate', digest: sha256('sesame-sesame-sesame') }, { description: 'eyes', role: 'read', digest: sha256('look') }],
    tls: undefined,
    limits: { connections: 100, connectionsPerAddress: 50, waiters: 20_000, waitersPerClient: 5_000, eventStreams: 7, eventStreamsPerClient: 250, failedAuthentications: 0, writes: 1 },
    trustedProxies: ['127.0.0.1', 'fd00::/8'],
    hostnames: ['pvc.example.com', 'fd00::fe', '10.0.0.254'],
    allowedOrigins: ['https://ops.example.com', 'http://10.0.0.9:8080'],
    logLevel: 'debug',
  })
})

for (const [name, text, expected] of [
  ['nothing', '', ['f:1:1: pvc: This file is empty, or holds nothing but comments. This setting is missing: What everything else stands in.']],
  ['no coordinators', 'pvc: {}\n', ['f:1:1: pvc.coordinators: This setting is missing: The ZooKeeper servers: host or host:port; the port is 2181 unless given, IPv6 addresses stand in brackets. A chroot may follow the last one, as ZooKeeper writes it: host:port/clusters/a.']],
  ['an empty list of coordinators', 'pvc: {coordinators: []}\n', ['f:1:7: pvc.coordinators: The list must have at least 1 entry.']],
  ['bad addresses, each by itself', 'pvc:\n  coordinators:\n    - hv1\n    - fe80::1\n    - hv2:70000\n    - "hv 3"\n    - HV1:2181\n    - "[hv4]"\n    - a:b\n', [
    'f:4:7: pvc.coordinators[1]: An IPv6 address must stand in brackets: "[fe80::1]".',
    'f:5:7: pvc.coordinators[2]: Port 70000 is not between 1 and 65535.',
    'f:6:7: pvc.coordinators[3]: "hv 3" is not a host name or IPv4 address.',
    'f:7:7: pvc.coordinators[4]: "HV1:2181" is the same server as "hv1", number 1 of the list.',
    'f:8:7: pvc.coordinators[5]: "hv4" is not an IPv6 address.',
    'f:9:7: pvc.coordinators[6]: "a:b" is not an address; write host, host:port or [IPv6]:port.',
  ]],
  ['a session time-out that is too short', 'pvc:\n  coordinators: [a]\n  zookeeper: {session_timeout: 3.9}\n', ['f:3:15: pvc.zookeeper.session_timeout: It must be at least 4 s; it is 3.9.']],
  ['a misspelt setting and a port out of range', 'pvc:\n  coordinators: [a]\n  api:\n    listen_port: 70000\n    listen_adress: x\n', [
    'f:4:5: pvc.api.listen_port: It must be at most 65535; it is 70000.',
    'f:5:5: pvc.api.listen_adress: There is no setting "listen_adress" here; did you mean "listen_address"?',
  ]],
  ['a bad node name and log level', 'pvc:\n  node: -a\n  coordinators: [a]\n  log_level: loud\n', [
    'f:2:3: pvc.node: It must be a node name: a letter or digit, then up to 63 letters, digits, dots, underscores or hyphens; not none or null, which stand for no node; it is "-a".',
    'f:4:3: pvc.log_level: It must be one of trace, debug, info, warn, error, fatal, silent; it is "loud".',
  ]],
  ['authentication without keys', 'pvc:\n  coordinators: [a]\n  api:\n    authentication:\n      enabled: true\n', ['f:5:7: pvc.api.authentication.enabled: Authentication is enabled but pvc.api.authentication.tokens is empty, so no request would be accepted; add a token.']],
  ['keys with neither, both, the same, a bad digest and a bad role', `pvc:
  coordinators: [a]
  api:
    authentication:
      tokens:
        - {description: a, role: read}
        - {description: b, role: read, token: a-key-that-is-long, token_sha256: "${'0'.repeat(64)}"}
        - {description: c, role: read, token: sesame}
        - {description: d, role: operate, token_sha256: ${sha256('sesame').toString('hex')}}
`, [
    'f:6:11: pvc.api.authentication.tokens[0]: A token needs exactly one of token and token_sha256; this one has neither.',
    'f:7:11: pvc.api.authentication.tokens[1]: A token needs exactly one of token and token_sha256; this one has both.',
    'f:8:40: warning: pvc.api.authentication.tokens[2].token: A key of 6 characters can be guessed; use at least 16 random ones.',
    'f:9:11: pvc.api.authentication.tokens[3]: This is the same key as number 3 of the list.',
  ]],
  ['a key of one letter, and the digest of none', `pvc:
  coordinators: [a]
  api:
    authentication:
      tokens:
        - {description: a, role: read, token: ${'a'.repeat(32)}}
        - {description: b, role: read, token_sha256: ${sha256('').toString('hex')}}
`, [
    'f:6:40: warning: pvc.api.authentication.tokens[0].token: A key of fewer than 5 different characters can be guessed; use at least 16 random ones.',
    'f:7:40: pvc.api.authentication.tokens[1].token_sha256: This is the SHA-256 of an empty key, which every request would have. Put in that of a key of yours.',
  ]],
  ['proxies that are no addresses', 'pvc:\n  coordinators: [a]\n  api:\n    trusted_proxies: [10.0.0.1, proxy, 10.0.0.0/33, "fd00::/8/8"]\n', [
    'f:4:33: pvc.api.trusted_proxies[1]: "proxy" is not an address or a network; write for example 127.0.0.1 or 10.0.0.0/8.',
    'f:4:40: pvc.api.trusted_proxies[2]: "10.0.0.0/33" is not an address or a network; write for example 127.0.0.1 or 10.0.0.0/8.',
    'f:4:53: pvc.api.trusted_proxies[3]: "fd00::/8/8" is not an address or a network; write for example 127.0.0.1 or 10.0.0.0/8.',
  ]],
  ['names and origins that are none', 'pvc:\n  coordinators: [a]\n  api:\n    hostnames: [ok.example, "a:80", "http://a", "a b", "*"]\n    allowed_origins: ["https://ok.example", "*", "null", "https://a/b", "ok.example", "https://*.example", "ftp://a", "https://u@a", "http://a:80"]\n', [
    'f:4:29: pvc.api.hostnames[1]: "a:80" is not a host name or an address; write it without scheme, port and path, for example pvc.example.com.',
    'f:4:37: pvc.api.hostnames[2]: "http://a" is not a host name or an address; write it without scheme, port and path, for example pvc.example.com.',
    'f:4:49: pvc.api.hostnames[3]: "a b" is not a host name or an address; write it without scheme, port and path, for example pvc.example.com.',
    'f:4:56: pvc.api.hostnames[4]: "*" is not a host name or an address; write it without scheme, port and path, for example pvc.example.com.',
    ...[[45, '*'], [50, 'null'], [58, 'https://a/b'], [73, 'ok.example'], [87, 'https://*.example'], [108, 'ftp://a'], [119, 'https://u@a'], [134, 'http://a:80']].map(([column, text]) => `f:5:${column}: pvc.api.allowed_origins[${[45, 50, 58, 73, 87, 108, 119, 134].indexOf(Number(column)) + 1}]: "${text}" is not an origin; write scheme, host and, unless it is the scheme's own, port, for example https://example.com:8443. There are no wildcards.`),
  ]],
  ['a bad digest, which is not repeated, and a bad role', 'pvc:\n  coordinators: [a]\n  api:\n    authentication:\n      tokens:\n        - {description: a, role: admin, token_sha256: abc}\n', [
    'f:6:28: pvc.api.authentication.tokens[0].role: It must be one of read, operate.',
    'f:6:41: pvc.api.authentication.tokens[0].token_sha256: It must be a SHA-256 in 64 hexadecimal digits.',
  ]],
  ['HTTPS without its files', 'pvc:\n  coordinators: [a]\n  api:\n    ssl: {enabled: true}\n', [
    'f:4:5: pvc.api.ssl.cert_file: HTTPS is enabled (pvc.api.ssl.enabled), so cert_file must be given.',
    'f:4:5: pvc.api.ssl.key_file: HTTPS is enabled (pvc.api.ssl.enabled), so key_file must be given.',
  ]],
  ['HTTPS with files that are not there', 'pvc:\n  coordinators: [a]\n  api:\n    ssl: {enabled: true, cert_file: /no/cert, key_file: /no/key}\n', [
    'f:4:26: pvc.api.ssl.cert_file: /no/cert does not exist.',
    'f:4:47: pvc.api.ssl.key_file: /no/key does not exist.',
  ]],
  ['a relative certificate', 'pvc:\n  coordinators: [a]\n  api:\n    ssl: {cert_file: cert.pem}\n', ['f:4:11: pvc.api.ssl.cert_file: It must be an absolute path; it is "cert.pem".']],
] as Array<[string, string, string[]]>) {
  t.test(name, async (t) => {
    const { result, problems } = loaded(t, text)
    t.same(problems, expected)
    t.equal(result.ok, false)
  })
}

t.test('proxies at every address are a warning', async (t) => {
  const problemsOf = (list: string) => loaded(t, `pvc:\n  coordinators: [a]\n  api:\n    trusted_proxies: [${list}]\n`).problems
  for (const [list, versions] of [['0.0.0.0/0', 'IPv4'], ['"::/0"', 'IPv4 and IPv6'], ['10.1.2.3/0', 'IPv4'], ['"::ffff:0:0/96"', 'IPv4'], ['128.0.0.0/1, 10.0.0.1, 0.0.0.0/1', 'IPv4'], ['"2000::/3"', 'IPv6'], ['"3000::/4", "2000::/4"', 'IPv6']] as const) {
    t.match(problemsOf(list), [new RegExp(`^f:4:\\d+: warning: pvc\\.api\\.trusted_proxies: This holds every address of ${versions}: every client is believed`)], list)
  }
  for (const list of ['0.0.0.0/1, 192.0.0.0/2', '10.0.0.0/8, "fd00::/8"', '"2000::/4"', '"::1", "fe80::/10"']) t.strictSame(problemsOf(list), [], list)
})

t.test('an address that nothing can listen on', async (t) => {
  for (const address of ['224.0.0.1', '255.255.255.255', 'ff02::1', 'ff02::1%eth0']) {
    t.match(loaded(t, `pvc:\n  coordinators: [a]\n  api: {listen_address: "${address}", authentication: {enabled: false}}\n`).problems[0], /^f:3:9: pvc\.api\.listen_address: .* is a multicast.*write an address of this machine/, address)
  }
})

t.test('an open API without authentication has to be asked for, and is a warning then', async (t) => {
  const load = (address: string, more = '') => loaded(t, `pvc:\n  coordinators: [a]\n  api: {listen_address: "${address}"${more}}\n`)
  for (const address of ['10.0.0.1', '0.0.0.0', '::', '127.0.0.1.example.com', '127.example', '::2', 'hv1', 'localhost.example', '1270.0.0.1']) {
    const { result, problems } = load(address)
    t.equal(result.ok, false, address)
    t.match(problems, [/^f:3:9: pvc\.api\.listen_address: Every host that reaches .* write pvc\.api\.authentication: \{enabled: false\}/])
    t.equal(load(address, ', authentication: {}').result.ok, false, `${address}, an empty section`)
    t.equal(load(address, ', authentication: {tokens: [{description: a, role: read, token: 0123456789abcdef}]}').result.ok, false, `${address}, keys that nobody switched on`)
    t.equal(load(address, ', authentication: {enabled: false}').result.ok, true, `${address}, asked for`)
  }
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', '::ffff:127.0.0.1']) t.same(load(address).problems, [], address)
  const { result, problems } = load('10.0.0.1', ', authentication: {enabled: false}')
  t.equal(result.ok, true)
  t.same(problems, ['f:3:9: warning: pvc.api.listen_address: Without authentication every host that reaches 10.0.0.1 may move the primary; set pvc.api.authentication.enabled.'])
})

t.test('one address that may take every connection is a warning', async (t) => {
  const text = (limits: string) => `pvc:\n  coordinators: [hv1]\n  api:\n    limits: ${limits}\n    authentication: {enabled: false}\n`
  const named = (limits: string) => loaded(t, text(limits)).problems
  t.match(named('{connections: 1000}'), [/^f:4:14: warning: pvc.api.limits.connections_per_address: One address may have 2000 connections and there are 1000 in all, .* set connections_per_address to 250/])
  t.match(named('{connections: 100, connections_per_address: 100}'), [/warning: pvc.api.limits.connections_per_address/])
  t.strictSame(named('{connections: 100, connections_per_address: 99}'), [])
})

t.test('HTTPS with a certificate and its key, and with another key', async (t) => {
  const folder = t.testdir()
  for (const name of ['a', 'b']) {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`, '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)], { stdio: 'pipe' })
  }
  const file = (key: string) => {
    const path = join(folder, 'pvcapid.yaml')
    writeFileSync(path, `pvc: {coordinators: [hv1], api: {ssl: {enabled: true, cert_file: ${folder}/a.crt, key_file: ${folder}/${key}.key}}}\n`)
    return loadApiConfig(path)
  }
  const good = file('a')
  t.same(good.ok && good.value.tls, { certFile: join(folder, 'a.crt'), keyFile: join(folder, 'a.key'), minVersion: 'TLSv1.2' })
  const bad = file('b')
  t.equal(bad.ok, false)
  t.match(bad.problems[0], { path: 'pvc.api.ssl.cert_file', message: /cannot be used together/ })
})

t.test('what is no regular file, or too large, is refused wherever a file is named, and holds nobody up', async (t) => {
  const folder = t.testdir()
  const { certFile, keyFile } = makeCertificate(folder, 'api')
  execFileSync('mkfifo', [join(folder, 'pipe')])
  writeFileSync(join(folder, 'sparse'), '')
  truncateSync(join(folder, 'sparse'), 3_000_000_000)
  const config = join(folder, 'pvcapid.yaml')
  const kinds: ReadonlyArray<readonly [name: string, reason: RegExp]> = [[join(folder, 'pipe'), /is a named pipe, not a regular file/], ['/dev/zero', /is a device, not a regular file/], [join(folder, 'sparse'), /is larger than 1048576 bytes/], [folder, /is a directory, not a regular file/]]
  for (const [name, reason] of kinds) {
    t.match(loadApiConfig(name).problems, [{ code: 'config_unreadable', message: reason }], `configuration: ${name}`)
    t.strictSame(exposureProblems(name, apiConfigSchema), [], `exposure: ${name}`)
    t.throws(() => certificatesIn(name), reason, `certificates: ${name}`)
    for (const setting of ['cert_file', 'key_file', 'client_ca_file']) {
      const ssl = { enabled: true, cert_file: certFile, key_file: keyFile, client_ca_file: certFile, [setting]: name }
      writeFileSync(config, JSON.stringify({ pvc: { coordinators: ['hv1'], api: { authentication: { enabled: false }, ssl } } }))
      t.match(loadApiConfig(config).problems, [{ path: `pvc.api.ssl.${setting}`, message: reason }], `${setting}: ${name}`)
    }
    t.match(loadNodeConfig(name).problems, [{ code: 'config_unreadable', message: reason }], `a node's configuration: ${name}`)
  }
})
