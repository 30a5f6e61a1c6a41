/**
 * All caches of one thread. It decides in one place which generation of an entity is written and which files may be deleted.
 * Keeps I8: a published generation stays until another one is published and `graceMs` have passed, so that a reader that has
 * resolved the link can still open its target. Keeps I11: at most `openFilesMax` files are open; the least recently used
 * closes first.
 * Worst case: a crash during a build leaves a file, which is later continued or removed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { damaged, isDamage, isUnopenable, toCacheError } from './cache-error.ts';
import { CacheFile } from './cache-file.ts';
import { CachePaths, cachesDirectory } from './cache-paths.ts';
import type {
  AdoptedFile,
  CacheBatch,
  CacheFinding,
  CacheIdentity,
  CacheState,
  CachesToKeep,
  CacheTrouble,
  DocumentCount,
  ExpectedRows,
  NextGeneration,
  RemovalTrouble,
  RowComparison,
  RowsToMend,
} from './cache-types.ts';
import { compareRows, countDocuments } from './compare-rows.ts';
import { findingWithoutFile, isOfAnotherEntity, misfit, misnamed } from './file-finding.ts';
import { historyIdOf } from './history-of-files.ts';
import { servedFileId } from './served-file-id.ts';
import { stateOf } from './shelved-state.ts';

export interface ShelfOptions {
  readonly dataDirectory: string;
  /** A file without writes for this long is closed. Default 30 s. */
  readonly idleMs: number;
  /** How long a superseded generation is kept. Default 30 s. */
  readonly graceMs: number;
  /** Largest number of open files; each needs three descriptors. */
  readonly openFilesMax: number;
  /** How many keys of changed rows a published file keeps. */
  readonly changesKept: number;
}

/** Of an entity whose file was never opened. */
const noUse = { file: null, usedAtMs: 0, state: null };

/** How many caches one call of `tend` looks at, at least. */
const tendMin = 64;
/** How long after a failed attempt a superseded generation is deleted again, milliseconds. */
const removeAgainMs = 60_000;

interface Shelved {
  readonly identity: CacheIdentity;
  readonly paths: CachePaths;
  readonly generation: number;
  readonly fileId: number;
  file: CacheFile | null;
  /** The last known state of a file that was closed because it was idle. */
  state: CacheState;
  usedAtMs: number;
  /** When generations older than the published one may be deleted; null if none exist. */
  removeOlderAtMs: number | null;
}

export class CacheShelf {
  readonly #options: ShelfOptions;
  readonly #shelved = new Map<number, Shelved>();
  #tended = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  open(identity: CacheIdentity, nowMs: number): CacheFinding {
    this.release(identity.entityId);
    const paths = new CachePaths(this.#options.dataDirectory, identity.entityName);
    const generation = paths.generations().findLast((each) => existsSync(paths.file(each)));
    if (generation === undefined) return findingWithoutFile(paths);
    try {
      return this.#openGeneration({ identity, paths, generation }, nowMs);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { kind: 'unusable', reason: error instanceof Error ? error.message : String(error), code: 'EMC-4001' };
    }
  }

  openServed(identity: CacheIdentity, nowMs: number): CacheFinding {
    const fileId = servedFileId(identity.entityId);
    this.release(fileId);
    const paths = new CachePaths(this.#options.dataDirectory, identity.entityName);
    const generation = paths.published();
    if (generation === null || generation === this.#shelved.get(identity.entityId)?.generation)
      return { kind: 'absent' };
    const file = this.#withDescriptors(() => CacheFile.open(paths.file(generation), identity));
    // It is about to be replaced because of the request to rebuild it.
    const problem = misfit(file, { ...identity, rebuildRequested: 0 }) ?? misnamed(file, generation);
    if (problem === null) return presentAs(this.#shelve({ identity, paths, generation, fileId, file }, nowMs));
    file.close();
    return problem;
  }

  #openGeneration(found: Pick<Shelved, 'identity' | 'paths' | 'generation'>, nowMs: number): CacheFinding {
    const { identity, paths, generation } = found;
    const file = this.#withDescriptors(() => CacheFile.open(paths.file(generation), identity));
    const problem = misfit(file, identity) ?? misnamed(file, generation);
    if (problem === null) return presentAs(this.#shelve({ ...found, fileId: identity.entityId, file }, nowMs));
    const isForeign = isOfAnotherEntity(file, identity);
    file.close();
    if (!isForeign) return problem;
    // The file belongs to an earlier entity of this name. Its rows must not be served as the new entity's.
    paths.removeAll();
    return { kind: 'absent' };
  }

  build(identity: CacheIdentity, nowMs: number): CacheState {
    this.release(identity.entityId);
    const paths = new CachePaths(this.#options.dataDirectory, identity.entityName);
    return reaching(paths, () => {
      const generation = paths.nextGeneration();
      const file = this.#withDescriptors(() => CacheFile.create(paths.file(generation), identity, generation));
      return this.#shelve({ identity, paths, generation, fileId: identity.entityId, file }, nowMs).state;
    });
  }

  /** Where `adopt` expects a file. Nothing else may happen to the entity's files between the two. */
  prepare(identity: CacheIdentity): NextGeneration {
    this.release(identity.entityId);
    const paths = new CachePaths(this.#options.dataDirectory, identity.entityName);
    return reaching(paths, () => {
      const generation = paths.nextGeneration();
      return { generation, file: paths.file(generation) };
    });
  }

  adopt({ identity, generation }: AdoptedFile, nowMs: number): CacheState {
    const paths = new CachePaths(this.#options.dataDirectory, identity.entityName);
    reaching(paths, () => paths.adopt(generation));
    const file = this.#withDescriptors(() => CacheFile.open(paths.file(generation), identity));
    return this.#shelve({ identity, paths, generation, fileId: identity.entityId, file }, nowMs).state;
  }

  apply(batch: CacheBatch, nowMs: number): CacheState {
    const { file: before, usedAtMs, state: last } = { ...noUse, ...this.#shelved.get(batch.entityId) };
    const shelved = this.#writable(batch.entityId, nowMs);
    this.#keepChanges(shelved);
    shelved.file.apply(batch);
    const state = this.#refresh(shelved);
    // Moving an offset without rows does not count as use: idle files stay closed. Source times move too often for that.
    if (batch.docIds.length > 0 || state.sourceTime !== last?.sourceTime) return state;
    shelved.usedAtMs = usedAtMs;
    if (before === null) this.#closeIdle(shelved);
    return state;
  }

  mend(rows: RowsToMend, nowMs: number): CacheState {
    const shelved = this.#writable(rows.entityId, nowMs);
    this.#keepChanges(shelved);
    shelved.file.mend(rows);
    return this.#refresh(shelved);
  }

  /** Nobody can have read an unpublished file, so its changes are of no use. */
  #keepChanges({ state, file }: Shelved & { file: CacheFile }): void {
    file.keepChanges(state.published ? this.#options.changesKept : 0);
  }

  compare(expected: ExpectedRows): RowComparison {
    const { paths, generation, identity } = this.#known(expected.entityId);
    return compareRows(paths.file(generation), identity, expected);
  }

  count(entityId: number): DocumentCount {
    const { paths, generation, identity } = this.#known(entityId);
    return countDocuments(paths.file(generation), identity);
  }

  publish(entityId: number, nowMs: number): CacheState {
    const shelved = this.#writable(entityId, nowMs);
    const { paths, generation } = shelved;
    try {
      this.release(servedFileId(entityId));
      shelved.file.keepChanges(this.#options.changesKept);
      if (paths.published() !== generation) publishComplete(shelved);
    } catch (error) {
      throw toCacheError(error, paths.link);
    }
    if (paths.generations().some((each) => each < generation)) shelved.removeOlderAtMs = nowMs + this.#options.graceMs;
    shelved.file.follow();
    return this.#refresh(shelved);
  }

  tend(nowMs: number): CacheTrouble[] {
    const troubles: CacheTrouble[] = [];
    for (const [fileId, shelved] of this.#nextToTend()) {
      const note = (kind: CacheTrouble['kind'], error: unknown): void => {
        const { code, detail } = toCacheError(error, shelved.paths.file(shelved.generation));
        troubles.push({ entityId: fileId, kind, code, reason: detail });
      };
      try {
        this.#tendOne(shelved, nowMs, (error) => note('leftover', error));
      } catch (error) {
        note('file', error);
      }
    }
    return troubles;
  }

  /** A part of the caches, in turn, so that the cost of looking at idle ones is bounded. All of them within four calls. */
  #nextToTend(): readonly (readonly [number, Shelved])[] {
    const all = [...this.#shelved];
    const count = Math.max(tendMin, Math.ceil(all.length / 4));
    if (this.#tended >= all.length) this.#tended = 0;
    const from = this.#tended;
    this.#tended += count;
    return all.slice(from, from + count);
  }

  #tendOne(shelved: Shelved, nowMs: number, noteLeftover: (error: unknown) => void): void {
    const { paths, generation, state } = shelved;
    const path = paths.file(generation);
    if (!existsSync(path)) throw damaged(path, 'it was deleted');
    if (state.published && paths.published() !== generation) paths.publish(generation);
    this.#removeSuperseded(shelved, nowMs, noteLeftover);
    if (shelved.file === null) return;
    shelved.file.bytes();
    shelved.file.truncateLongLog();
    if (nowMs - shelved.usedAtMs >= this.#options.idleMs) this.#closeIdle(shelved);
  }

  #removeSuperseded(shelved: Shelved, nowMs: number, note: (error: unknown) => void): void {
    if (shelved.removeOlderAtMs === null || nowMs < shelved.removeOlderAtMs) return;
    try {
      removeOlder(shelved);
    } catch (error) {
      shelved.removeOlderAtMs = nowMs + removeAgainMs;
      note(error);
    }
  }

  /**
   * Closes the file, so that another thread can write to it. Nothing may be applied until `resume`. Readers, `compare` and `count`
   * are not affected. Returns the path.
   */
  setAside(entityId: number): string {
    const shelved = this.#known(entityId);
    this.#closeIdle(shelved);
    return shelved.paths.file(shelved.generation);
  }

  resume(entityId: number, nowMs: number): CacheState {
    return this.#refresh(this.#writable(entityId, nowMs));
  }

  release(fileId: number): CacheState | null {
    const shelved = this.#shelved.get(fileId);
    this.#shelved.delete(fileId);
    shelved?.file?.close();
    return shelved?.state ?? null;
  }

  remove(entity: { readonly entityId: number; readonly entityName: string }): void {
    this.release(entity.entityId);
    this.release(servedFileId(entity.entityId));
    const paths = new CachePaths(this.#options.dataDirectory, entity.entityName);
    reaching(paths, () => paths.removeAll());
  }

  /** Keeps caches of a different oplog: an engine that is pointed at the wrong database must not delete them. */
  removeOthers({ entityNames, historyId }: CachesToKeep): RemovalTrouble[] {
    const directory = cachesDirectory(this.#options.dataDirectory);
    if (!existsSync(directory)) return [];
    const kept = new Set(entityNames);
    const others = readdirSync(directory, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !kept.has(entry.name),
    );
    return others.flatMap(({ name }) => this.#removeOther(name, historyId));
  }

  #removeOther(entityName: string, historyId: string): RemovalTrouble[] {
    const paths = new CachePaths(this.#options.dataDirectory, entityName);
    try {
      if (historyIdOf(paths) === historyId) paths.removeAll();
      return [];
    } catch (error) {
      const { code, detail } = toCacheError(error, paths.directory);
      return [{ entityName, code, reason: detail }];
    }
  }

  close(): void {
    for (const fileId of [...this.#shelved.keys()]) this.release(fileId);
  }

  #shelve(
    item: Pick<Shelved, 'identity' | 'paths' | 'generation' | 'fileId'> & { file: CacheFile },
    nowMs: number,
  ): Shelved {
    const state = stateOf(item);
    const hasOlder = state.published && item.paths.generations().some((each) => each < item.generation);
    const removeOlderAtMs = hasOlder ? nowMs + this.#options.graceMs : null;
    const shelved = { ...item, state, usedAtMs: nowMs, removeOlderAtMs };
    this.#shelved.set(item.fileId, shelved);
    this.#boundOpenFiles(shelved);
    return shelved;
  }

  /** Throws EMC-4003 for an entity that was not opened since the thread started. Its file is not in doubt. */
  #known(fileId: number): Shelved {
    const shelved = this.#shelved.get(fileId);
    if (shelved !== undefined) return shelved;
    throw new EmcachersError({ code: 'EMC-4003', detail: `No file of entity ${Math.abs(fileId)} is open.` });
  }

  /** Reopens a file that was closed because it was idle. */
  #writable(fileId: number, nowMs: number): Shelved & { file: CacheFile } {
    const shelved = this.#known(fileId);
    const open = (): CacheFile => CacheFile.open(shelved.paths.file(shelved.generation), shelved.identity);
    const file = shelved.file ?? this.#withDescriptors(open);
    shelved.usedAtMs = nowMs;
    if (shelved.file === null) {
      shelved.file = file;
      this.#boundOpenFiles(shelved);
    }
    return Object.assign(shelved, { file });
  }

  #refresh(shelved: Shelved & { file: CacheFile }): CacheState {
    shelved.state = stateOf(shelved);
    return shelved.state;
  }

  #boundOpenFiles(used: Shelved): void {
    const open = [...this.#shelved.values()].filter((each) => each.file !== null && each !== used);
    if (open.length < this.#options.openFilesMax) return;
    const oldest = open.reduce((left, right) => (left.usedAtMs <= right.usedAtMs ? left : right));
    this.#closeIdle(oldest);
  }

  /** If a file cannot be opened, perhaps for lack of descriptors, all others are closed and it is tried once more. */
  #withDescriptors(open: () => CacheFile): CacheFile {
    try {
      return open();
    } catch (error) {
      const others = [...this.#shelved.values()].filter(({ file }) => file !== null);
      if (!isUnopenable(error) || others.length === 0) throw error;
      for (const each of others) this.#closeIdle(each);
      return open();
    }
  }

  #closeIdle(shelved: Shelved): void {
    shelved.file?.close();
    shelved.file = null;
  }
}

function reaching<Result>(paths: CachePaths, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toCacheError(error, paths.directory);
  }
}

function presentAs({ state }: Shelved): CacheFinding {
  return { kind: 'present', state };
}

/** The file first: a reader that has lost the log, or copies the file alone, must find every row. */
function publishComplete({
  paths,
  generation,
  file,
}: Pick<Shelved, 'paths' | 'generation'> & { file: CacheFile }): void {
  file.complete();
  paths.publish(generation);
}

function removeOlder(shelved: Shelved): void {
  const { paths, generation } = shelved;
  for (const each of paths.generations()) if (each < generation) paths.removeGeneration(each);
  shelved.removeOlderAtMs = null;
}
