/**
 * Calls back when files of caches change, as long as somebody waits or listens; otherwise it holds nothing. The operating
 * system's notifications make it prompt. A poll makes it certain: notifications do not cross every kind of mount.
 * Worst case: no notification arrives, and a change is seen one poll later.
 */
import { type FSWatcher, watch } from 'node:fs';
import { statOf } from './cache-directory.ts';

const pollMs = 50;
/** A notification of a write arrives before SQLite has made its transaction visible. */
const settleMs = 2;

interface Watched {
  readonly inode: bigint;
  readonly watcher: FSWatcher;
}

export class FileWatch {
  readonly #directories: readonly string[];
  readonly #callbacks = new Set<() => void>();
  readonly #watched = new Map<string, Watched>();
  #poll: NodeJS.Timeout | null = null;
  #settle: NodeJS.Timeout | null = null;

  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Returns the function that ends it. */
  add(callback: () => void): () => void {
    this.#callbacks.add(callback);
    if (this.#poll === null) {
      this.#watchDirectories();
      this.#poll = setInterval(() => {
        this.#watchDirectories();
        this.#call();
      }, pollMs);
    }
    return () => {
      this.#callbacks.delete(callback);
      if (this.#callbacks.size === 0) this.#stop();
    };
  }

  /** A directory that was removed and made again has another inode. */
  #watchDirectories(): void {
    for (const path of this.#directories) {
      const inode = inodeOf(path);
      const known = this.#watched.get(path);
      if (known !== undefined && known.inode === inode) continue;
      known?.watcher.close();
      this.#watched.delete(path);
      if (inode !== null) this.#watchOne(path, inode);
    }
  }

  #watchOne(path: string, inode: bigint): void {
    try {
      const watcher = watch(path, () => this.#notified());
      // Without notifications the poll is left.
      watcher.on('error', () => watcher.close());
      this.#watched.set(path, { inode, watcher });
    } catch {
      // The system has no watch left, or the directory is gone.
    }
  }

  /** One write causes several notifications; one call answers them all. */
  #notified(): void {
    this.#settle ??= setTimeout(() => {
      this.#settle = null;
      this.#call();
    }, settleMs);
  }

  #call(): void {
    for (const callback of [...this.#callbacks]) callback();
  }

  #stop(): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#settle !== null) clearTimeout(this.#settle);
    this.#poll = null;
    this.#settle = null;
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }
}

/** Null if the directory is missing or cannot be read; statements report why. */
function inodeOf(path: string): bigint | null {
  try {
    return statOf(path)?.ino ?? null;
  } catch {
    return null;
  }
}
