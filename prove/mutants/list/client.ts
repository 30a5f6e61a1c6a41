import type { Mutant } from '../mutant.ts';

const client = 'packages/client/src';
const swaps = `${client}/open-cache.test.ts`;
const waits = `${client}/wait-for-place.test.ts`;

export const clientMutants: readonly Mutant[] = [
  {
    id: 'X7',
    title: 'a reader compares the names of files instead of their inodes',
    edits: [
      {
        file: `${client}/cache-directory.ts`,
        from: '    return found !== null && found.ino === file.inode && found.dev === file.device;\n',
        to: '    return found !== null && join(this.path, this.#target() ?? "") === file.path;\n',
      },
    ],
    killers: [{ file: swaps, name: 'a new entity of the same name and the same file name is followed' }],
  },
  {
    id: 'X7b',
    title: 'a reader keeps the file that it opened',
    edits: [
      {
        file: `${client}/cache-handle.ts`,
        from: '(this.#transactions > 0 || isCurrent(connection))',
        to: '(this.#transactions > 0 || !this.#isClosed)',
      },
    ],
    killers: [{ file: swaps, name: 'is followed by the next statement' }],
  },
  {
    id: 'X8',
    title: 'a wait for a place ends although the file does not say its source time',
    edits: [
      {
        file: `${client}/wait-for-place.ts`,
        from: 'sourceTime !== null && sourceTime >= wanted',
        to: 'sourceTime === null || sourceTime >= wanted',
      },
    ],
    killers: [{ file: waits, name: 'fails with the reached place and its age' }],
  },
  {
    id: 'X8b',
    title: 'a wait for a place of several caches ends with the first of them',
    edits: [{ file: `${client}/wait-for-place.ts`, from: 'places()?.every(', to: 'places()?.some(' }],
    killers: [{ file: `${client}/attach-caches.test.ts`, name: 'a wait is for all of them' }],
  },
  {
    id: 'X9',
    title: 'a reader takes integers as doubles',
    edits: [
      {
        file: `${client}/exact-row.ts`,
        from: "typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER",
        to: "typeof value === 'bigint'",
      },
    ],
    killers: [{ file: swaps, name: 'keeps every digit of an integer' }],
  },
  {
    id: 'X10',
    title: 'an iteration shares the connection of the statements beside it',
    edits: [
      { file: `${client}/reader.ts`, from: 'this.handle.openAnother()', to: 'this.handle.use((shared) => shared)' },
    ],
    killers: [{ file: swaps, name: 'an iteration that runs ends on its file' }],
  },
];
