/**
 * pvcctl on a cluster of processes: three APIs with HTTPS and keys of which one is dead and one has lost contact with ZooKeeper, and one without either behind
 * a proxy that loses requests and replies at chosen moments.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Proxy } from '../../tools/testbed/proxy.ts'
import { makeAuthority, makeCertificate } from '../pvcapid/support/certificate.ts'
import { cluster, quick } from '../support/cluster.ts'
import { documented } from './support/documented.ts'
import { endGroup, Pvcctl, type Ended } from './support/pvcctl.ts'

t.test('pvcctl on a cluster', { timeout: 240_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick })
  const pvcctl = new Pvcctl(t)
  const { folder } = pvcctl

  const server = makeCertificate(folder, 'server')
  const clients = makeAuthority(folder, 'clients')
  const ops = clients.sign('ops', '/O=Example/CN=ops')
  const secured = {
    authentication: { enabled: true, tokens: [{ description: 'ops', token: 'an-operators-key', role: 'operate' }, { description: 'watch', token: 'a-readers-key', role: 'read' }], client_certificates: [{ subject: 'CN=ops,O=Example', role: 'operate' }] },
    ssl: { enabled: true, cert_file: server.certFile, key_file: server.keyFile, client_ca_file: clients.certFile },
  }
  const zookeeper = await Proxy.start(made.zookeeper.port)
  t.teardown(async () => await zookeeper.close())
  const [dead, stale, good, plain] = await Promise.all([
    made.startApi('dead', 0, undefined, secured),
    made.startApi('stale', 0, [zookeeper.connectString], secured),
    made.startApi('good', 0, undefined, secured),
    made.startApi('plain'),
  ])
  const proxy = await Proxy.start(Number(new URL(plain).port))
  t.teardown(async () => await proxy.close())
  const proxied = `http://127.0.0.1:${proxy.port}`
  await watcher.settled()
  await made.apis.get('dead')?.kill()
  zookeeper.refuse()

  const keyFile = join(folder, 'key')
  const readersFile = join(folder, 'readers-key')
  writeFileSync(keyFile, 'an-operators-key\n', { mode: 0o600 })
  writeFileSync(readersFile, 'a-readers-key\n', { mode: 0o600 })
  const three = ['--api', dead, '--api', stale, '--api', good, '--ca-file', server.certFile]
  const withKey = [...three, '--key-file', keyFile]
  const other = (name: string) => ['hv1', 'hv2', 'hv3'].find((each) => each !== name) ?? ''
  const says = (ended: Ended, status: number, stdout: RegExp | string, stderr: RegExp | string) => {
    t.equal(ended.status, status, `exits ${status}\n${ended.stdout}${ended.stderr}`)
    t.match(ended.stdout, stdout)
    t.match(ended.stderr, stderr)
  }
  /** The same of one that runs beside others: they change nothing. */
  const beside: Array<Promise<void>> = []
  const saysOf = (run: Promise<Ended>, status: number, stdout: RegExp | string, stderr: RegExp | string) => { beside.push(run.then((ended) => says(ended, status, stdout, stderr))) }
  const allSaid = async () => { await Promise.all(beside.splice(0)) }
  const isStale = async () => {
    for (;;) {
      const { stdout } = await pvcctl.start(['--api', stale, '--ca-file', server.certFile, '--json', 'check']).ended
      if ((JSON.parse(stdout) as { readonly stale: boolean }).stale) return
    }
  }

  await t.test('one API is dead and one is stale', async () => {
    await isStale()
    saysOf(pvcctl.run([...withKey, 'list']), 0, /^NODE +DAEMON.*\nhv1 +run +\w+ +ready.*\nhv2 .*\nhv3 .*\n$/, /^$/)
    saysOf(pvcctl.run([...withKey, '-v', 'list', '-q']), 0, /^hv1\nhv2\nhv3\n$/, new RegExp(`${dead} refuses connections\npvcctl: asking ${good}`))
    saysOf(pvcctl.run(['--api', dead, '--api', stale, '--ca-file', server.certFile, '--key-file', keyFile, 'list']), 0, /hv1/, new RegExp(`^pvcctl: ${stale} has lost contact with ZooKeeper, and no other API answers`))
    saysOf(pvcctl.run(['--api', dead, '--ca-file', server.certFile, '--key-file', keyFile, 'list']), 3, /^$/, new RegExp(`^pvcctl: No API could be asked. ${dead} refuses connections. See that`))
    saysOf(pvcctl.start(['--api', dead, '--api', stale, '--ca-file', server.certFile, '--key-file', keyFile, 'pause']).ended, 3, /^$/, /lost contact with ZooKeeper, and no other API answers. Nothing was sent/)
    await allSaid()
  })

  await t.test('keys and certificates', async () => {
    saysOf(pvcctl.run([...three, 'list']), 1, /^$/, /key.*\(key_missing\)/)
    saysOf(pvcctl.run([...three, '--key-file', readersFile, 'pause']), 1, /^$/, /\(key_too_weak\)/)
    saysOf(pvcctl.run([...three, 'status'], { PVCCTL_KEY: 'a-readers-key' }), 0, /^cluster +-\nprimary +hv\d, epoch \d+ since .*, settled\n/, /^$/)
    saysOf(pvcctl.run([...three, 'list'], { PVCCTL_KEY_FILE: keyFile }), 0, /hv1/, /^$/)
    says(await pvcctl.run([...three, '--cert-file', ops.certFile, '--cert-key-file', ops.keyFile, 'pause']), 0, /maintenance mode/, /^$/)
    says(await pvcctl.run([...withKey, 'resume']), 0, /normal mode/, /^$/)
    saysOf(pvcctl.run(['--api', good, '--key-file', keyFile, 'list']), 3, /^$/, /certificate that is not trusted; name its authority with --ca-file/)
    saysOf(pvcctl.run(['--api', plain.replace('http:', 'https:'), 'list']), 3, /^$/, /does not speak HTTPS/)
    await allSaid()
    chmodSync(readersFile, 0o644)
    saysOf(pvcctl.run([...three, '--key-file', readersFile, 'list']), 0, /hv1/, new RegExp(`^pvcctl: ${readersFile} holds an API key, and every user of this machine may read it`))
    writeFileSync(join(folder, 'pvcctl.yaml'), `api: [${dead}, ${stale}, ${good}]\nca_file: ${server.certFile}\nkey_file: ${keyFile}\n`)
    saysOf(pvcctl.run(['--config', join(folder, 'pvcctl.yaml'), 'eligible']), 0, /^NODE +STATE +ELIGIBLE +WHY NOT\nhv1 +\w+ +yes/, /^$/)
    saysOf(pvcctl.run(['list'], { PVCCTL_API: `${dead},${stale},${good}`, PVCCTL_CA_FILE: server.certFile, PVCCTL_KEY_FILE: keyFile }), 0, /hv1/, /^$/)
    await allSaid()
  })

  await t.test('switchovers', async (t) => {
    const first = (await watcher.settled()).name
    const to = other(first)
    says(await pvcctl.run([...withKey, 'switch', '--to', to, '--dry-run']), 0, new RegExp(`^It would begin switchover \\d+ from ${first} to ${to}, with a bound of \\d+ s. Nothing was written.\n$`), /^$/)
    const moved = await pvcctl.run([...withKey, 'switch', '--to', to, '--reason', 'a test', '--wait'])
    says(moved, 0, new RegExp(`^switchover \\d+ from ${first} to ${to}: succeeded after \\d+\\.\\d s\n$`), /^$/)
    const epoch = /\d+/.exec(moved.stdout)?.[0] ?? ''
    says(await pvcctl.run([...withKey, 'show', epoch]), 0, new RegExp(`^switchover ${epoch} from ${first} to ${to}: succeeded\n  cause     request, by ops: a test\n(.*\n)*  outage    [\\d.]+ s, from .*\n(.*\n)*  .*  ${to}  state +${to} is takeover: .*\n`), /^$/)
    says(await pvcctl.run([...withKey, 'switch', '--to', to, '--wait']), 0, /^It is so already, since switchover \d+/, /^$/)
    const begun = await pvcctl.run([...withKey, 'switch', '--from', to])
    says(begun, 0, /^\d+\n$/, /^$/)
    says(await pvcctl.run([...withKey, 'show', begun.stdout.trim(), '--wait', '--json']), 0, /^\{"epoch":\d+,.*"outcome":"succeeded".*\}\n$/, /^$/)
    says(await pvcctl.run([...withKey, 'history', '--limit', '3']), 0, /^EPOCH +STARTED.*\n\d.*\n(.*\n)*.*a test\n/, /^$/)
    says(await pvcctl.run([...withKey, 'switch', '--to', 'nobody']), 1, /^$/, /no node named "nobody".*\(node_unknown\)/)
    const refused = await pvcctl.run([...withKey, 'switch', '--to', to, '--if-epoch', '0', '--json'])
    says(refused, 1, /"code":"precondition_failed"/, /\(precondition_failed\)/)
    says(await pvcctl.run([...withKey, 'show', '9999999']), 1, /^$/, /\(epoch_unknown\)/)
    says(await pvcctl.run([...withKey, 'confirm-fence', 'hv1', '--confirm', 'hv1']), 1, /^$/, /\(fence_not_confirmable\)/)
    says(await pvcctl.run([...withKey, 'confirm-fence', 'hv1', '--confirm', 'hv2']), 2, /^$/, /--confirm hv1/)
    const raw = await (await fetch(`${plain}/api/v1/switchover`)).text()
    t.equal((await pvcctl.run([...withKey, '--json', 'history'])).stdout.trim(), raw, 'with --json the text is the text of the API')
    await watcher.settled()
  })

  await t.test('an API that dies while a switchover is followed', async (t) => {
    const { name } = await watcher.settled()
    let polls = 0
    proxy.onRequest = (chunk) => {
      if (!chunk.includes('GET /api/v1/switchover/')) return
      polls += 1
      proxy.refuse()
    }
    const ended = await pvcctl.run(['--api', proxied, '--api', good, '--ca-file', server.certFile, '--key-file', keyFile, '-v', 'switch', '--from', name, '--wait'])
    proxy.onRequest = null
    proxy.heal()
    says(ended, 0, new RegExp(`^switchover \\d+ from ${name} to hv\\d: succeeded`), new RegExp(`asking ${proxied}(.*\n)*.*${proxied} closed the connection\n.*asking ${good}`))
    t.equal(polls, 1)
    await watcher.settled()
  })

  await t.test('a reply that is lost', async (t) => {
    const { name, epoch } = await watcher.settled()
    const to = other(name)
    const one = ['--api', proxied, '--api', good, '--ca-file', server.certFile, '--key-file', keyFile, '--api-timeout', '1']
    proxy.onRequest = (chunk) => { if (chunk.includes('POST ')) proxy.swallowReplies() }
    says(await pvcctl.run([...one, 'switch', '--to', to, '--wait']), 0, new RegExp(`^switchover ${epoch + 1} from ${name} to ${to}: succeeded`), /^$/)
    await watcher.settled(to)
    proxy.heal()
    says(await pvcctl.run([...one, 'pause']), 0, /^$/, /The reply was lost, and maintenance mode on is in force/)
    proxy.heal()
    proxy.onRequest = (chunk) => { if (chunk.includes('POST ')) proxy.blackHole() }
    says(await pvcctl.run([...one, 'switch', '--to', name]), 4, /^$/, new RegExp(`^pvcctl: Whether the switchover was begun is not known. ${proxied} did not answer within 1 s after the request was sent. No switchover after epoch ${epoch + 1} is this request. See pvcctl history`))
    proxy.heal()
    says(await pvcctl.run([...one, 'resume']), 4, /^$/, /Whether maintenance mode off is or will be in force is not known.*pvcctl status before you ask again/)
    proxy.onRequest = null
    proxy.heal()
    says(await pvcctl.run([...one, 'resume']), 0, /normal mode/, /^$/)
    t.equal((await watcher.settled()).epoch, epoch + 1, 'nothing was sent twice')
  })

  await t.test('progress on a terminal', async (t) => {
    const { name } = await watcher.settled()
    const { status, stdout } = await pvcctl.shell(`script -qec 'pvcctl switch --from ${name} --wait' /dev/null`, { PVCCTL_API: `${dead},${good}`, PVCCTL_CA_FILE: server.certFile, PVCCTL_KEY_FILE: keyFile }).ended
    t.equal(status, 0, stdout)
    t.match(stdout, new RegExp(`\\rswitchover \\d+ from ${name} to any other: \\d+%, \\d+ s  hv\\d `))
    t.match(stdout.split('\r').at(-2), /^switchover \d+ from hv\d to hv\d: succeeded after \d+\.\d s$/, 'the line of progress is gone')
    await watcher.settled()
  })

  await t.test('events', async (t) => {
    const { name } = await watcher.settled()
    const file = join(folder, 'events')
    const watch = pvcctl.start(['--api', proxied, '--api', good, '--ca-file', server.certFile, '--key-file', keyFile, 'watch', '--json'])
    await watch.says(/"event":"primary"/)
    const exec = pvcctl.start([...withKey, 'watch', '--event', 'switchover', '--exec', `cat >> ${file}; echo "$PVC_EVENT" >> ${file}.names; grep -q '"outcome":"succeeded"' ${file} && echo seen; exit 3`])
    await exec.says(/exited with 3/)
    proxy.refuse()
    const { stdout: epoch } = await pvcctl.run([...withKey, 'switch', '--from', name])
    await watch.says(new RegExp(`"event":"switchover","id":"[0-9a-f]+","data":\\{"epoch":${epoch.trim()},.*"outcome":"succeeded"`))
    await exec.says(/seen\n/)
    proxy.heal()
    for (const { child } of [watch, exec]) endGroup(child, 'SIGTERM')
    await exec.ended
    const { stdout } = await watch.ended
    for (const line of stdout.trim().split('\n')) t.type((JSON.parse(line) as { event: string }).event, 'string')
    t.equal(stdout.split('\n').filter((line) => line.includes('"event":"resync"')).length, 1, 'the stream was taken up where it ended')
    const names = new Set(readFileSync(`${file}.names`, 'utf8').trim().split('\n'))
    t.strictSame([...names], ['switchover'])
    says(await pvcctl.run([...three, 'watch']), 1, /^$/, /\(key_missing\)/)
    says(await pvcctl.run(['--api', dead, '--ca-file', server.certFile, 'watch']), 3, /^$/, /No API could be asked/)
    await watcher.settled()
  })

  await t.test('check', async () => {
    says(await pvcctl.run([...three, 'check']), 0, /^PVC OK - hv\d is primary, 2 of 3 APIs answer \| critical=0;;0;0 warning=0;0;;0 info=\d+;;;0 view_age=0\.\d{3}s;2\.5;;0 apis=2;;;0;3\n/, /^$/)
    says(await pvcctl.start(['--api', stale, '--ca-file', server.certFile, 'check']).ended, 3, /^PVC UNKNOWN - every API that answers has lost contact with ZooKeeper, 1 of 1 API answers \| /, /lost contact/)
    says(await pvcctl.run(['--api', dead, '--ca-file', server.certFile, 'check']), 3, /^PVC UNKNOWN - No API could be asked/, /^$/)
    says(await pvcctl.run(['check', '--nonsense']), 3, /^PVC UNKNOWN - Unknown option '--nonsense'/, /^$/)
  })

  await t.test('every command of the pages', async (t) => {
    for (const file of ['docs/pvcctl.md', 'docs/operations.md', 'README.md']) t.ok(await documented(t, pvcctl, file, { PVCCTL_API: plain }) > 0, file)
    await watcher.settled()
  })

  await t.test('a node that is dead', async () => {
    const victim = other((await watcher.settled()).name)
    await made.nodes.get(victim)?.kill()
    await watcher.sees(`${victim} is dead`, (view) => view.members.some(({ name, daemonState }) => name === victim && daemonState === 'dead'))
    says(await pvcctl.run([...withKey, 'check']), 2, new RegExp(`^PVC CRITICAL - ${victim} is judged dead.*[^.], 2 of 3 APIs answer \\| critical=\\d;;0;0 warning=\\d;0;;0 `), /^$/)
    says(await pvcctl.run([...withKey, 'status']), 0, new RegExp(`\ncritical: .*${victim}.*\n  `), /^$/)
    made.takeFrom(victim)
    says(await pvcctl.run([...withKey, 'remove-node', victim, '--yes']), 1, /^$/, /no fence is confirmed.*\(node_not_removable\)/)
    says(await pvcctl.run([...withKey, 'confirm-fence', victim, '--confirm', victim]), 0, new RegExp(`^Node ${victim} is fenced now`), /^$/)

    says(await pvcctl.run([...withKey, 'remove-node', victim]), 2, /^$/, /standard input is no terminal. Nothing was sent. Repeat it with --yes/)
    says(await pvcctl.run([...three, '--key-file', readersFile, 'remove-node', victim, '--yes']), 1, /^$/, /\(key_too_weak\)/)
    const environment = { PVCCTL_API: `${dead},${good}`, PVCCTL_CA_FILE: server.certFile, PVCCTL_KEY_FILE: keyFile }
    const onTerminal = async (typed: string) => await pvcctl.shell(`printf '%s\n' '${typed}' | script -qec 'pvcctl remove-node ${victim}' /dev/null`, environment).ended
    const slip = await onTerminal('yes')
    t.equal(slip.status, 2, slip.stdout)
    t.match(slip.stdout, new RegExp(`Type its name to confirm: .*That is not the name ${victim}. Nothing was sent`, 's'))
    t.ok(watcher.feed.members.some(({ name }) => name === victim))
    const one = ['--api', proxied, '--api', good, '--ca-file', server.certFile, '--key-file', keyFile, '--api-timeout', '1']
    proxy.onRequest = (chunk) => { if (chunk.includes('DELETE ')) proxy.swallowReplies() }
    says(await pvcctl.run([...one, 'remove-node', victim, '--yes']), 0, /^$/, new RegExp(`The reply was lost, and the removal of ${victim} is in force`))
    proxy.onRequest = null
    proxy.heal()
    const gone = await onTerminal(victim)
    t.equal(gone.status, 1, gone.stdout)
    t.match(gone.stdout, /\(node_unknown\)/)
    says(await pvcctl.run([...withKey, 'list', '--quiet']), 0, /^hv\d\nhv\d\n$/, /^$/)
  })

  t.strictSame(made.collisions(), [])
})
