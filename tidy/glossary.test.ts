import path from 'node:path';
import { expect, test } from 'vitest';
import { read, sourceFiles } from './repository.ts';

/** Words that the glossary replaces, as whole parts of a file's kebab-case name. */
const bannedParts = new Set(['sync', 'queue', 'util', 'utils', 'helper', 'helpers', 'misc', 'common', 'manager']);
/** A component's own name in the design. */
const allowedName = /(^|-)entity-manager\./;

test('file names use the words of the glossary', () => {
  const wrong = sourceFiles().filter((file) => {
    const name = path.basename(file);
    if (allowedName.test(name)) return false;
    return name.split(/[.-]/).some((part) => bannedParts.has(part));
  });
  expect(wrong).toEqual([]);
});

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
    'oplog',
    'replicator',
    'sqlite-cache',
    'generation',
  ];
  expect(words.filter((word) => !glossary.includes(word))).toEqual([]);
});
