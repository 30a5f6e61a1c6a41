import type { OplogEntry } from '@emcachers/core/operation';
import type { Page, PageRequest } from '@emcachers/db/statements/read-page';

/**
 * Bounds of a page that has one unit only. The leader keeps units below these (`EMCACHERS_TRANSACTION_OPERATIONS_MAX`,
 * `EMCACHERS_TRANSACTION_BYTES_MAX`), so that every unit fits. They are not reached otherwise (I11).
 */
const unitRowsMax = 60_000;
const unitBytesMax = 128 * 1024 * 1024;
const growth = 4;

/** Reads a page that ends where a unit ends. Only a page with a single unit is larger than requested. */
export async function readWholeUnits(
  readPage: (request: PageRequest) => Promise<Page>,
  request: PageRequest,
): Promise<Page> {
  let { limitRows, limitBytes } = request;
  for (;;) {
    const page = await readPage({ ...request, limitRows, limitBytes });
    if (!page.full) return page;
    const entries = wholeUnits(page.entries);
    if (entries.length > 0) return { ...page, entries };
    if (limitRows >= unitRowsMax && limitBytes >= unitBytesMax) return page;
    limitRows = Math.max(limitRows, Math.min(limitRows * growth, unitRowsMax));
    limitBytes = Math.max(limitBytes, Math.min(limitBytes * growth, unitBytesMax));
  }
}

/** The entries without those of the last unit, of which more may follow. */
export function wholeUnits(entries: readonly OplogEntry[]): readonly OplogEntry[] {
  const unit = entries.at(-1)?.unit ?? 0;
  if (unit === 0) return entries;
  return entries.slice(0, 1 + entries.findLastIndex((entry) => entry.unit !== unit));
}
