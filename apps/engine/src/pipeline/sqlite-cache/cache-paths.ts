/**
 * Names of cache files. A live file is never replaced under its own name: a `-wal` left by the old one would be replayed
 * into the new one, silently (https://www.sqlite.org/howtocorrupt.html). So each generation has a name of its own, and
 * `db.sqlite` is a symbolic link that is moved by one rename. SQLite resolves it and names the log after the real file.
 */
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const linkName = 'db.sqlite';
const temporaryLinkName = 'db.sqlite.next';
const generationName = /^db\.g(\d{1,9})\.sqlite$/;
const ownName = /^db\.(?:g\d{1,9}\.sqlite(?:-wal|-shm|-journal)?|sqlite|sqlite\.next)$/;

export function cachesDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'dbs');
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

  /** Generations of which any file is left, oldest first. */
  generations(): number[] {
    if (!existsSync(this.directory)) return [];
    const found = new Set<number>();
    for (const name of readdirSync(this.directory)) {
      const match = generationName.exec(name.replace(/-(?:wal|shm|journal)$/, ''));
      if (match !== null) found.add(Number(match[1]));
    }
    return [...found].sort((left, right) => left - right);
  }

  /** The generation that `db.sqlite` names, or null. */
  published(): number | null {
    const target = readLink(this.link);
    const match = target === null ? null : generationName.exec(target);
    return match === null ? null : Number(match[1]);
  }

  publish(generation: number): void {
    const next = join(this.directory, temporaryLinkName);
    rmSync(next, { force: true });
    symlinkSync(`db.g${generation}.sqlite`, next);
    renameSync(next, this.link);
  }

  /** The database first: once its name is gone nobody can open it without its log. Readers that have it keep it. */
  removeGeneration(generation: number): void {
    const file = this.file(generation);
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
  }

  /** Everything that is ours; the directory stays when something else is in it. */
  removeAll(): void {
    if (!existsSync(this.directory)) return;
    rmSync(this.link, { force: true });
    for (const generation of this.generations()) this.removeGeneration(generation);
    for (const name of readdirSync(this.directory)) if (ownName.test(name)) rmSync(join(this.directory, name));
    if (readdirSync(this.directory).length === 0) rmdirSync(this.directory);
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    // ENOENT: nothing is published. EINVAL: somebody put a file there; `publish` replaces it.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EINVAL')) return null;
    throw error;
  }
}
