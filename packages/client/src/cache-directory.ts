/**
 * Finds the published file of an entity: `db.sqlite` is a symbolic link that one rename moves to the next generation. Only
 * stat and readlink are used, because opening and closing a file of SQLite outside of SQLite drops its locks in this process
 * (https://www.sqlite.org/howtocorrupt.html).
 */
import { type BigIntStats, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { unreadable } from './reader-error.ts';

const entityName = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const fileName = /^db\.g(\d{1,9})\.sqlite$/;

/** A file that the link named. Its inode tells it from a later file of the same name. */
export interface LocatedFile {
  readonly path: string;
  /** Of the file's name; null if `db.sqlite` is a copy and not a link. */
  readonly generation: number | null;
  readonly device: bigint;
  readonly inode: bigint;
}

/** `moving`: the link names a file that is gone; look again. */
export type Location =
  | { readonly kind: 'published'; readonly file: LocatedFile }
  | { readonly kind: 'building' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'moving' };

export class CacheDirectory {
  readonly entity: string;
  readonly path: string;
  readonly link: string;

  /** Throws EMC-7001 if no entity can have this name. */
  constructor(dataDir: string, entity: string) {
    if (!entityName.test(entity))
      throw new EmcachersError({ code: 'EMC-7001', detail: `${JSON.stringify(entity)} is not a name of an entity.` });
    this.entity = entity;
    this.path = resolve(dataDir, 'dbs', entity);
    this.link = join(this.path, 'db.sqlite');
  }

  locate(): Location {
    const target = this.#target();
    if (target === null) return { kind: this.#hasFiles() ? 'building' : 'absent' };
    const path = join(this.path, target);
    const found = statOf(path);
    if (found === null) return { kind: 'moving' };
    const match = fileName.exec(target);
    const generation = match === null ? null : Number(match[1]);
    return { kind: 'published', file: { path, generation, device: found.dev, inode: found.ino } };
  }

  /** True if the link still leads to this file. One system call, so that every statement can ask. */
  isCurrent(file: LocatedFile): boolean {
    const found = statOf(this.link);
    return found !== null && found.ino === file.inode && found.dev === file.device;
  }

  #target(): string | null {
    try {
      return readlinkSync(this.link);
    } catch (error) {
      if (codeOf(error) === 'EINVAL') return 'db.sqlite';
      if (isMissing(error)) return null;
      throw unreadable(this.link, error);
    }
  }

  #hasFiles(): boolean {
    try {
      return readdirSync(this.path).some((name) => fileName.test(name));
    } catch (error) {
      if (isMissing(error)) return false;
      throw unreadable(this.path, error);
    }
  }
}

/** Null if there is no such file. */
export function statOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}
