/** Imports form no circle, types included, and the folders below the daemons form none. Which layer may import which: eslint.config.js. */
module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', comment: 'Modules that import one another cannot be read, tested or moved one by one.', from: {}, to: { circular: true } },
    { name: 'no-folder-circle', severity: 'error', scope: 'folder', comment: 'The same for the folders below the daemons.', from: { path: '^src/(core|zookeeper|cluster|projection|runtime)' }, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs'] },
  },
}
