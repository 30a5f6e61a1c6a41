import { dateValue } from '@emcachers/bson/raw-value';
import { CommandBody } from '../bson/command-body.ts';
import { orderKey } from '../query/order-key.ts';
import type { Collection } from './catalog.ts';
import type { StoredDocument } from './collection-table.ts';
import { type IndexPath, indexKeys } from './index-keys.ts';
import type { IndexTable } from './index-table.ts';
import { readTablePages } from './table-pages.ts';

/** Documents examined per page. */
const pageLimit = { rows: 1000, bytes: 4 * 1024 * 1024 };

const everyRow = { keys: null, range: null, isDescending: false } as const;

interface TimeToLive {
  readonly index: IndexTable;
  readonly path: IndexPath;
  readonly seconds: number;
}

/** Indexes with `expireAfterSeconds` on one field; compound ones never expire anything. Source: manual, "TTL Indexes". */
function timesToLive({ indexes }: Collection): TimeToLive[] {
  return indexes.flatMap((index) => {
    const [path, ...others] = index.paths;
    const seconds = new CommandBody(index.specification).number('expireAfterSeconds');
    return path === undefined || others.length > 0 || seconds === undefined || !(seconds >= 0)
      ? []
      : [{ index, path, seconds }];
  });
}

/** Pages of a collection's expired documents; a page may be empty. */
export function* expiredDocuments(collection: Collection, nowMs: number): Generator<StoredDocument[]> {
  for (const { index, path, seconds } of timesToLive(collection)) {
    const earliest = orderKey(dateValue(-(2n ** 63n)));
    const limit = orderKey(dateValue(BigInt(Math.trunc(nowMs - seconds * 1000))));
    const isOver = ({ document }: StoredDocument): boolean =>
      indexKeys(document, [path]).some((key) => key.compare(earliest) >= 0 && key.compare(limit) <= 0);
    const upper = Buffer.concat([limit, Buffer.of(0xff)]);
    const plan = { index, ranges: [{ lower: earliest, upper }], equalPaths: 0, isDescending: false };
    const isReadable = index.isUsable && index.state.isReady;
    const reader = readTablePages(collection, { ...everyRow, index: isReadable ? plan : null });
    for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) yield page.filter(isOver);
  }
}
