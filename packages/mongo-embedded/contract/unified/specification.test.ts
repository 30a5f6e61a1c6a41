/**
 * Every file of MongoDB's unified test format below EMCACHERS_SPEC_DIR, against the server under test. The files are
 * MongoDB's and stay where they are: without the variable there is nothing to run, and the run says so.
 *
 * Only the folders that this server claims to pass run by default. EMCACHERS_SPEC_FOLDERS names others, separated by commas;
 * `all` runs every folder, as `npm run contract` does.
 */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type ServerUnderTest, serverUnderTest } from '../server-under-test.ts';
import { OutOfScope } from './out-of-scope.ts';
import { readServerFacts, runOnRefusal, type ServerFacts } from './run-on.ts';
import { runUnifiedTest } from './run-test.ts';
import {
  type FoundFile,
  findUnifiedFiles,
  schemaVersionRefusal,
  type UnifiedFile,
  type UnifiedTest,
} from './unified-file.ts';

/** Read by bson-corpus.test.ts. */
const CORPUS = 'bson-corpus';
const folder = process.env['EMCACHERS_SPEC_DIR'];
/** Folders in which every test passes or is skipped by its own conditions. */
const claimedFolders = 'change-streams';
const chosenFolders = (process.env['EMCACHERS_SPEC_FOLDERS'] ?? claimedFolders).split(',');

if (folder === undefined) {
  test('unified specification tests run where EMCACHERS_SPEC_DIR names their folder', ({ skip }) => {
    skip('EMCACHERS_SPEC_DIR is not set: there are no specification files to run');
  });
} else {
  describe('unified specification tests', () => defineFolder(folder));
}

function defineFolder(path: string): void {
  let server: ServerUnderTest;
  let facts: ServerFacts;

  beforeAll(async () => {
    server = await serverUnderTest();
    facts = await readServerFacts(server.client);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const leftOut = new Set<string>();
  for (const found of findUnifiedFiles(path)) {
    const top = found.path.split('/')[0] ?? '';
    if (chosenFolders.includes('all') || chosenFolders.includes(top)) defineFile(found);
    else if (top !== CORPUS) leftOut.add(top);
  }
  for (const name of leftOut) test(name, ({ skip }) => skip('not in EMCACHERS_SPEC_FOLDERS'));

  function defineFile(found: FoundFile): void {
    if (found.kind === 'other') {
      if (!found.path.startsWith(CORPUS)) test(found.path, ({ skip }) => skip(found.reason));
      return;
    }
    if (found.kind === 'unreadable') {
      test(found.path, () => {
        throw new Error(found.reason);
      });
      return;
    }
    describe(found.path, () => {
      for (const each of found.file.tests) {
        test(each.description, ({ skip }) => runTest(found.file, each, skip));
      }
    });
  }

  async function runTest(file: UnifiedFile, each: UnifiedTest, skip: (reason: string) => never): Promise<void> {
    const reason = refusalOf(file, each);
    if (reason !== null) skip(reason);
    try {
      await runUnifiedTest(file, each, { url: server.url, internal: server.client });
    } catch (error) {
      if (error instanceof OutOfScope) skip(`out of scope: ${error.message}`);
      throw error;
    }
  }

  function refusalOf(file: UnifiedFile, each: UnifiedTest): string | null {
    return (
      schemaVersionRefusal(file.schemaVersion) ??
      runOnRefusal(file.runOnRequirements, facts) ??
      runOnRefusal(each.runOnRequirements, facts) ??
      each.skipReason ??
      null
    );
  }
}
