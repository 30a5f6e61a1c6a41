/**
 * Every file of MongoDB's unified test format below EMCACHERS_SPEC_DIR, against the server under test. The files are
 * MongoDB's and stay where they are: without the variable there is nothing to run, and the run says so.
 *
 * The format's tests of runners are among them: files of `invalid` must be refused and tests of `valid-fail` must fail.
 * EMCACHERS_SPEC_FOLDERS names the folders to run, separated by commas; without it, all of them are run.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerUnderTest, serverUnderTest } from '../server-under-test.ts';
import { type FoundFile, findUnifiedFiles, selfTestOf } from './find-unified-files.ts';
import { deploymentRefusal, knownDifference } from './known-differences.ts';
import { OutOfScope } from './out-of-scope.ts';
import { readServerFacts, runOnRefusal, type ServerFacts } from './run-on.ts';
import { runUnifiedTest } from './run-test.ts';
import type { UnifiedFile, UnifiedTest } from './unified-file.ts';

/** Read by bson-corpus.test.ts. */
const CORPUS = 'bson-corpus';
const folder = process.env['EMCACHERS_SPEC_DIR'];
const chosenFolders = (process.env['EMCACHERS_SPEC_FOLDERS'] ?? 'all').split(',');

if (folder === undefined) {
  test('unified specification tests run where EMCACHERS_SPEC_DIR names their folder', ({ skip }) => {
    skip('EMCACHERS_SPEC_DIR is not set: there are no specification files to run');
  });
} else {
  describe('unified specification tests', () => defineFolder(folder));
}

function topFolderOf({ path }: FoundFile): string {
  return path.split('/')[0] ?? '';
}

function isChosen(found: FoundFile): boolean {
  return chosenFolders.includes('all') || chosenFolders.includes(topFolderOf(found));
}

type Skip = (reason: string) => never;

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

  const files = findUnifiedFiles(path).filter((found) => topFolderOf(found) !== CORPUS);
  const chosen = files.filter(isChosen);
  for (const found of chosen) defineFile(found);
  const leftOut = files.filter((found) => !chosen.includes(found)).map(topFolderOf);
  for (const name of new Set(leftOut)) test(name, ({ skip }) => skip('not in EMCACHERS_SPEC_FOLDERS'));

  function defineFile(found: FoundFile): void {
    const selfTest = selfTestOf(found.path);
    if (selfTest === 'invalid') {
      test(`${found.path} is refused`, () => expect(found.kind).toBe('refused'));
    } else if (found.kind === 'other') {
      test(found.path, ({ skip }) => skip(found.reason));
    } else if (found.kind === 'refused') {
      test(found.path, () => expect(selfTest, found.reason).toBe('valid-fail'));
    } else {
      defineTests(found.path, found.file, selfTest === 'valid-fail');
    }
  }

  function defineTests(path: string, file: UnifiedFile, mustFail: boolean): void {
    const run = mustFail ? expectFailure : expectSuccess;
    describe(path, () => {
      for (const each of file.tests) test(each.description, ({ skip }) => run({ path, file, test: each }, skip));
    });
  }

  interface Case {
    readonly path: string;
    readonly file: UnifiedFile;
    readonly test: UnifiedTest;
  }

  async function expectFailure(each: Case, skip: Skip): Promise<void> {
    const failure = await runOrSkip(each, skip);
    expect(failure, 'the format says that a runner must fail this test').not.toBeNull();
  }

  async function expectSuccess(each: Case, skip: Skip): Promise<void> {
    const failure = await runOrSkip(each, skip);
    const difference = knownDifference(each.path, each.test.description, server.kind === 'embedded');
    if (difference === null && failure !== null) throw failure;
    if (difference === null) return;
    expect(failure, `known-differences.ts says that this fails (${difference}), but it passes`).not.toBeNull();
    skip(difference);
  }

  /** Runs a test that counts for this server. Returns its failure, or null if it passes. */
  async function runOrSkip(each: Case, skip: Skip): Promise<Error | null> {
    const reason = refusalOf(each);
    if (reason !== null) skip(reason);
    const failure = await failureOf(each);
    if (failure instanceof OutOfScope) skip(failure.message);
    return failure;
  }

  async function failureOf({ file, test: each }: Case): Promise<Error | null> {
    return runUnifiedTest(file, each, { url: server.url, internal: server.client }).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
  }

  function refusalOf({ path: file, file: content, test: each }: Case): string | null {
    return (
      runOnRefusal(content.runOnRequirements, facts) ??
      runOnRefusal(each.runOnRequirements, facts) ??
      each.skipReason ??
      deploymentRefusal(file, each.description, facts)
    );
  }
}
