// Names and paths: what is made is valid, what is not acceptable is refused.
import fc from 'fast-check'
import t from 'tap'
import * as layout from '../../src/cluster/layout.ts'
import * as znodes from '../../src/zookeeper/client/paths.ts'

const paths = { ...znodes, ...layout }

t.test('the places', async (t) => {
  t.equal(paths.nodePath('hv1'), '/nodes/hv1')
  t.equal(paths.nodePath('hv1.example-a_b', 'routerstate'), '/nodes/hv1.example-a_b/routerstate')
  t.equal(paths.domainPath('0c5f'), '/domains/0c5f')
  t.equal(paths.domainPath('0c5f', 'state'), '/domains/0c5f/state')
  t.equal(paths.faultPath('x'), '/faults/x')
  t.equal(paths.logPath('hv1'), '/logs/hv1/messages')
  t.equal(paths.switchoverPath(42), '/switchovers/0000000042')
  t.equal(paths.switchoverEpoch('0000000042'), 42)
  t.equal(paths.switchoverEpoch('42'), null)
  t.equal(paths.childPath('/', 'a'), '/a')
  t.equal(paths.childPath('/a', 'b'), '/a/b')
  t.equal(paths.parentPath('/a/b'), '/a')
  t.equal(paths.parentPath('/a'), '/')
  t.equal(paths.parentPath('/'), '/')
  t.equal(paths.baseName('/a/b'), 'b')
  for (const key of paths.SECRET_NODE_KEYS) t.match(key, /^ipmi/)
})

t.test('bad names are refused everywhere', async (t) => {
  for (const name of ['', '.', '..', '-a', '.a', 'a/b', 'a b', 'ä', 'a\0', 'a\n', 'x'.repeat(65)]) {
    t.notOk(paths.isNodeName(name))
    t.throws(() => paths.nodePath(name), { code: 'invalid_argument' })
    t.throws(() => paths.logPath(name), { code: 'invalid_argument' })
  }
  t.ok(paths.isNodeName('x'.repeat(64)))
  for (const name of ['', '.', '..', 'a/b', 'a\0', '\u0085', '\ud800', '\uffff']) {
    t.throws(() => paths.childPath('/a', name), { code: 'invalid_argument' })
    t.throws(() => paths.domainPath(name), { code: 'invalid_argument' })
    t.throws(() => paths.faultPath(name), { code: 'invalid_argument' })
  }
  for (const epoch of [-1, 0.5, 1e10, NaN]) t.throws(() => paths.switchoverPath(epoch), { code: 'invalid_argument' })
  const long = t.throws(() => paths.nodePath('x'.repeat(1_000)), { code: 'invalid_argument' })
  t.ok(long instanceof Error && long.message.length < 250, 'what is shown of a bad name is bounded')
})

t.test('no name leads out of its place', async (t) => {
  fc.assert(fc.property(fc.string(), (name) => {
    try {
      const path = paths.childPath('/nodes', name)
      return path.startsWith('/nodes/') && path.split('/').length === 3 && paths.pathProblem(path) === null && paths.baseName(path) === name
    } catch {
      return paths.pathProblem(`/nodes/${name}`) !== null || name.includes('/')
    }
  }))
  t.equal(paths.pathProblem('/'), null)
  t.type(paths.pathProblem(7), 'string')
})
