import type { Mutant } from '../mutant.ts';

const cache = 'apps/engine/src/pipeline/sqlite-cache';
const together = `${cache}/cache-file.test.ts`;
const replicator = 'apps/engine/src/pipeline/replicator';
const saveProgress = '      this.#prepared.saveProgress.run(progressParameters(progress));\n';
const commit = "      this.#database.exec('COMMIT');\n";

export const cacheMutants: readonly Mutant[] = [
  {
    id: 'M10',
    title: 'the offset is written after the transaction of its rows',
    edits: [{ file: `${cache}/cache-file.ts`, from: saveProgress + commit, to: commit + saveProgress }],
    killers: [{ file: together }],
  },
  {
    id: 'M10b',
    title: 'the offset is written before the transaction of its rows',
    edits: [
      {
        file: `${cache}/cache-file.ts`,
        from: "    this.#database.exec('BEGIN IMMEDIATE');\n",
        to: `    const { version: v, offset: o, termId: t, horizon: h } = batch;
    const early = { offset: o, documents: this.#metadata.documents, version: v ?? 0, termId: t, horizon: h };
    this.#prepared.saveProgress.run(progressParameters(early));
    this.#database.exec('BEGIN IMMEDIATE');
`,
      },
    ],
    killers: [{ file: together }],
  },
  {
    id: 'M11',
    title: 'a new generation is renamed over the live file',
    edits: [
      {
        file: `${cache}/cache-paths.ts`,
        from: '    const next = join(this.directory, temporaryLinkName);\n',
        to: `    const before = this.published();
    if (before !== null && before !== generation) return renameSync(this.file(generation), this.file(before));
    const next = join(this.directory, temporaryLinkName);
`,
      },
    ],
    killers: [
      { file: `${cache}/cache-shelf.test.ts`, name: 'serves the old generation until the new one is published' },
    ],
  },
  {
    id: 'M11b',
    title: 'a cache is published before it is level',
    edits: [
      {
        file: `${replicator}/entity-cache.ts`,
        from: 'return this.isLevel && this.state?.published === false && this.isComplete && this.#hasPassedServed;',
        to: 'return this.state?.published === false && this.entity.liveFromId !== null;',
      },
      {
        file: `${replicator}/cache-driver.ts`,
        from: '      await this.#apply(page, end);\n',
        to: '      await this.#apply(page, end);\n      await this.publishIfDue();\n',
      },
    ],
    killers: [{ file: `${replicator}/faults.test.ts`, name: 'never misses a row during rebuilds and swaps' }],
  },
  {
    id: 'M11c',
    title: 'the link moves to a file that is behind the served one',
    edits: [
      {
        file: `${replicator}/entity-cache.ts`,
        from: ' && this.isComplete && this.#hasPassedServed;',
        to: ' && this.isComplete && (this.#hasPassedServed || true);',
      },
    ],
    killers: [{ file: `${replicator}/entity-cache.test.ts`, name: 'a new file is not published while it is behind' }],
  },
  {
    id: 'M16b',
    title: 'a cache compares offsets as text',
    edits: [
      {
        file: `${cache}/cache-file.ts`,
        from: 'const isKnown = batch.offset <= this.#metadata.offset;',
        to: 'const isKnown = String(batch.offset) <= String(this.#metadata.offset);',
      },
    ],
    killers: [{ file: together }],
  },
  {
    id: 'M19',
    title: 'pages are read after the highest offset of all caches, not the lowest',
    edits: [
      {
        file: `${replicator}/follower.ts`,
        from: 'let afterId = Number.POSITIVE_INFINITY;',
        to: 'let afterId = 0;',
      },
      {
        file: `${replicator}/follower.ts`,
        from: 'afterId = Math.min(afterId, cache.readTo);',
        to: 'afterId = Math.max(afterId, cache.readTo);',
      },
    ],
    killers: [{ file: `${replicator}/follower.test.ts` }],
  },
  {
    id: 'M19b',
    title: 'a page counts as read before its history is checked',
    edits: [
      {
        file: `${replicator}/follower.ts`,
        from: '    await this.#dropOutdated(group);\n    countAsRead(group);\n',
        to: '    countAsRead(group);\n    await this.#dropOutdated(group);\n',
      },
    ],
    killers: [{ file: `${replicator}/follower.test.ts`, name: 'a page is read again' }],
  },
  {
    id: 'M20',
    title: 'the half-open circuit breaker admits every call',
    edits: [
      {
        file: 'packages/core/src/circuit-breaker.ts',
        from: "{ state, admitted: state.kind === 'closed' }",
        to: "{ state, admitted: state.kind !== 'open' }",
      },
    ],
    killers: [{ file: 'packages/core/src/circuit-breaker.test.ts' }],
  },
];
