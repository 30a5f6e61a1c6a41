import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type DataDirectoryLock, holdDataDirectory } from './data-directory-lock.ts';

/**
 * Decides whether the cache threads may be called. Another engine may write from the moment that the lock is lost, so no file
 * stays open then, and no entity is called before it is opened again.
 */
export class LockGuard {
  readonly #dataDirectory: string;
  readonly #closeThreads: () => Promise<void>;
  readonly #lock: DataDirectoryLock;
  /** False from the moment that the lock is found lost until it is taken again. */
  #isOpen = true;

  /** Throws EMC-1003 if another engine holds the directory. */
  constructor(dataDirectory: string, closeThreads: () => Promise<void>) {
    this.#dataDirectory = dataDirectory;
    this.#closeThreads = closeThreads;
    this.#lock = holdDataDirectory(dataDirectory);
  }

  get isHeld(): boolean {
    return this.#isOpen && this.#lock.isHeld();
  }

  /** Tries to take the lock again. Rejects with EMC-4005 if it cannot, and once for each loss. */
  async require(): Promise<void> {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    await this.#closeThreads();
    if (wasOpen || !this.#lock.takeAgain()) {
      const detail = `${join(this.#dataDirectory, 'caches.lock')} was removed or replaced.`;
      throw new EmcachersError({ code: 'EMC-4005', detail });
    }
    this.#isOpen = true;
  }

  release(): void {
    this.#lock.release();
  }
}
