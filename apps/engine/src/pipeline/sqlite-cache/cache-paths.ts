/**
 * Names of cache files. A live file is never replaced under its own name, because SQLite would replay the old file's `-wal`
 * into the new one (https://www.sqlite.org/howtocorrupt.html). Each generation therefore has its own name, and `db.sqlite` is a
 * symbolic link that one rename moves. SQLite resolves the link and names the WAL after the real file.
 */
import {
  closeSync,
  type Dirent,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { toCacheError } from './cache-error.ts';

const linkName = 'db.sqlite';
const temporaryLinkName = 'db.sqlite.next';
const generationName = /^db\.g(\d{1,9})\.sqlite$/;
const ownName = /^db\.(?:g\d{1,9}\.sqlite(?:\.new)?(?:-wal|-shm|-journal)?|sqlite|sqlite\.next)$/;
/** Of the files that SQLite keeps for one database. */
export const databaseSuffixes = ['', '-wal', '-shm', '-journal'] as const;

export function cachesDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'dbs');
}

/** Where a generation's file is created. */
export function unfinishedFile(path: string): string {
  return `${path}.new`;
}

/** How many generations of an entity's cache have files. Throws EMC-4003 if the directory cannot be read. */
export function countGenerations(dataDirectory: string, entityName: string): number {
  const paths = new CachePaths(dataDirectory, entityName);
  try {
    return paths.generations().length;
  } catch (error) {
    throw toCacheError(error, paths.directory);
  }
}

/** The directory of one entity's files. */
export class CachePaths {
  readonly directory: string;

  constructor(dataDirectory: string, entityName: string) {
    this.directory = join(cachesDirectory(dataDirectory), entityName);
  }

  get link(): string {
    return join(this.directory, linkName);
  }

  file(generation: number): string {
    return join(this.directory, `db.g${generation}.sqlite`);
  }

  create(): void {
    mkdirSync(this.directory, { recursive: true });
  }

  /** Generations with any remaining file, oldest first. */
  generations(): number[] {
    if (!existsSync(this.directory)) return [];
    const found = new Set<number>();
    for (const name of readdirSync(this.directory)) {
      const match = generationName.exec(name.replace(/-(?:wal|shm|journal)$/, ''));
      if (match !== null) found.add(Number(match[1]));
    }
    return [...found].sort((left, right) => left - right);
  }

  /** The number for a new file. Makes room: unpublished generations are left over from unfinished builds. */
  nextGeneration(): number {
    this.create();
    const generations = this.generations();
    const published = this.published();
    for (const each of generations) if (each !== published) this.removeGeneration(each);
    return Math.max(0, ...generations, published ?? 0) + 1;
  }

  /** Gives a file that was made elsewhere the name of a generation. It must be complete and on disk. */
  adopt(generation: number): void {
    this.removeGeneration(generation);
    renameSync(unfinishedFile(this.file(generation)), this.file(generation));
    flushDirectory(this.directory);
  }

  /** The generation that `db.sqlite` points to, or null. */
  published(): number | null {
    const target = readLink(this.link);
    const match = target === null ? null : generationName.exec(target);
    return match === null ? null : Number(match[1]);
  }

  /** Survives a power failure: the file's name is on disk before the link, and the link when this returns. */
  publish(generation: number): void {
    const next = join(this.directory, temporaryLinkName);
    rmSync(next, { force: true });
    symlinkSync(`db.g${generation}.sqlite`, next);
    flushDirectory(this.directory);
    renameSync(next, this.link);
    flushDirectory(this.directory);
  }

  /** Deletes the database file first, so that no reader can open it without its WAL. Readers that have it open keep it. */
  removeGeneration(generation: number): void {
    const file = this.file(generation);
    for (const suffix of databaseSuffixes) rmSync(file + suffix, { force: true });
  }

  /** Deletes all our files, the link first. The directory stays if it holds anything else, also a directory of one of our names. */
  removeAll(): void {
    const own = this.#entries().filter((entry) => ownName.test(entry.name) && !entry.isDirectory());
    const linkFirst = own.sort((left, right) => Number(right.name === linkName) - Number(left.name === linkName));
    for (const { name } of linkFirst) rmSync(join(this.directory, name), { force: true });
    if (existsSync(this.directory) && this.#entries().length === 0) rmdirSync(this.directory);
  }

  #entries(): Dirent[] {
    return existsSync(this.directory) ? readdirSync(this.directory, { withFileTypes: true }) : [];
  }
}

/** Closing a descriptor of a database file would drop SQLite's locks on it; a directory has none. */
function flushDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    // ENOENT: nothing is published. EINVAL: the name is a regular file; `publish` replaces it.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EINVAL')) return null;
    throw error;
  }
}
