/**
 * The import directions of docs/architecture.md, as rules. A room sees another room only through its public face.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const mayImport = {
  jpl: [],
  contract: [],
  trust: ['jpl'],
  revocation: ['trust'],
  authority: ['contract', 'trust'],
  store: ['contract', 'jpl', 'trust', 'revocation'],
  daemon: ['contract', 'jpl', 'trust', 'revocation'],
  client: ['contract', 'jpl'],
  web: ['contract'],
  cli: ['authority', 'client', 'contract', 'daemon', 'jpl', 'revocation', 'store', 'trust'],
};

const directions = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room}-directions`,
  severity: 'error',
  comment: `${room} may import ${allowed.length > 0 ? allowed.join(', ') : 'no other room'}`,
  from: { path: `^packages/${room}/(src|bin)/` },
  to: { path: '^packages/', pathNot: [room, ...allowed].map((name) => `^packages/${name}/`) },
}));

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'public-face-only',
      severity: 'error',
      comment: 'Nothing reaches past the index of another room',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: ['^packages/$1/', '^packages/[^/]+/(src|dist)/index\\.(ts|js|d\\.ts)$'],
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-junk-rooms',
      severity: 'error',
      comment: 'A thing lives where its reason to change lives',
      from: {},
      to: { path: '^packages/.*/(common|utils?|helpers?|types)(\\.ts|/)' },
    },
    {
      name: 'contract-runs-in-a-browser',
      severity: 'error',
      from: { path: '^packages/contract/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'page-runs-in-a-browser',
      severity: 'error',
      from: { path: '^packages/web/src/', pathNot: '\\.test\\.tsx?$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'judge-does-no-io',
      severity: 'error',
      comment: 'trust takes bytes, anchors, evidence and a time; it has no network and no disk',
      from: { path: '^packages/trust/src/', pathNot: '(\\.test|-fixtures)\\.ts$' },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|fs/promises|net|http|https|tls|dgram|dns|child_process)$',
      },
    },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.build)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
