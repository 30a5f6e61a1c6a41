import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { read, sourceFiles } from './repository.ts';

/** Words that the glossary replaces, as whole words of a name. */
const bannedWords = new Set('sync queue util utils helper helpers misc common manager worker event events'.split(' '));
/** A component's own name in the design, and MongoDB's change event. */
const allowedNames = /entity-?manager|change-?events?/gi;

/** Where a banned word is the right one. */
const allowances: readonly { readonly files: RegExp; readonly words: readonly string[]; readonly reason: string }[] = [
  {
    files: /pipeline\/(change-source\/|ingest\/ingest-(stream|resume))|test\/support\/model-source/,
    words: ['event', 'events', 'common'],
    reason: 'Every event here is a change event of MongoDB; `common` holds the fields that all of them share.',
  },
  {
    files: /sqlite-cache\/(thread-caller|snapshot\/run-snapshot-thread)/,
    words: ['worker'],
    reason: 'A worker thread of Node.',
  },
  { files: /engine\/vitest\.config\.ts$/, words: ['workers'], reason: 'An option of Vitest.' },
  { files: /api\/live-router\.ts$/, words: ['event'], reason: "tRPC's `lastEventId`." },
];

/** The embedded server speaks MongoDB's protocol and keeps MongoDB's words; the console has the browser's. */
const ownWords = /^(apps\/engine|packages\/(core|db)|scripts|tidy)\//;

test('file names use the words of the glossary', () => {
  const wrong = sourceFiles()
    .filter((file) => !file.startsWith('packages/mongo-embedded/'))
    .filter((file) => banned(path.basename(file)).length > 0);
  expect(wrong).toEqual([]);
});

test('declared names use the words of the glossary', { timeout: 60_000 }, () => {
  const wrong = sourceFiles()
    .filter((file) => ownWords.test(file) && /\.tsx?$/.test(file))
    .flatMap((file) => {
      const allowed = allowances.filter(({ files }) => files.test(file)).flatMap(({ words }) => words);
      const names = declaredNames(file).filter((name) => banned(name).some((word) => !allowed.includes(word)));
      return names.map((name) => `${file}: ${name}`);
    });
  expect([...new Set(wrong)]).toEqual([]);
});

test('finds a banned word anywhere in a name, but not inside another word', () => {
  expect(['syncRows', 'eventQueue', 'JobManager', 'row-utils.ts'].map((name) => banned(name).length)).toEqual([
    1, 2, 1, 1,
  ]);
  expect(['eventually', 'ChangeEvent', 'createEntityManager', 'async'].flatMap(banned)).toEqual([]);
});

function banned(name: string): string[] {
  const words = name
    .replace(allowedNames, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.filter((word) => bannedWords.has(word));
}

function declaredNames(file: string): string[] {
  const text = read(file);
  // Most files have none of the words, and need not be parsed.
  if (!/(?<!a)sync|queue|util|helper|misc|common|manager|worker|event/i.test(text)) return [];
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isNamed(node) && ts.isIdentifier(node.name)) names.push(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return names;
}

/** A declaration with a name of our choice; a field that is taken out of something under its own name has none. */
function isNamed(node: ts.Node): node is ts.NamedDeclaration & { readonly name: ts.Node } {
  if (ts.isBindingElement(node) && node.propertyName === undefined && ts.isObjectBindingPattern(node.parent ?? node))
    return false;
  if (ts.isImportSpecifier(node) && node.propertyName === undefined) return false;
  return 'name' in node && node.name !== undefined && !ts.isPropertyAccessExpression(node);
}

test('every word that design and code share is in the glossary', () => {
  const glossary = read('docs/glossary.md').toLowerCase();
  const words = [
    'entity',
    'shape',
    'column',
    'source',
    'operation',
    'entry',
    'docid',
    'offset',
    'version',
    'scan',
    'staging',
    'promotion',
    'resume token',
    'hard refresh',
    'rebuild',
    'node',
    'leader',
    'epoch',
    'dead letter',
    'lag',
    'horizon',
    'change-source',
    'channel',
    'ingest',
    'oplog',
    'replicator',
    'sqlite-cache',
    'generation',
    'history id',
    'lifecycle',
    'activity',
    'fleet',
    'capture',
  ];
  expect(words.filter((word) => !glossary.includes(`\n| ${word} |`))).toEqual([]);
});
