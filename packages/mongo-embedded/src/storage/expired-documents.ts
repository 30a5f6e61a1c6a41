import { dateValue } from '@emcachers/bson/raw-value';
import { CommandBody } from '../bson/command-body.ts';
import { orderKey } from '../query/order-key.ts';
import type { Collection } from './catalog.ts';
import type { StoredDocument } from './collection-table.ts';
import { type IndexPath, indexKeys } from './index-keys.ts';
import { readTablePages } from './table-pages.ts';

/** Documents examined per page. */
const pageLimit = { rows: 1000, bytes: 4 * 1024 * 1024 };

interface TimeToLive {
  readonly path: IndexPath;
  readonly seconds: number;
}

/** Indexes with `expireAfterSeconds` on one field; compound ones never expire anything. Source: manual, "TTL Indexes". */
function timesToLive({ indexes }: Collection): TimeToLive[] {
  return indexes.flatMap(({ specification, paths: [path, ...others] }) => {
    const seconds = new CommandBody(specification).number('expireAfterSeconds');
    return path === undefined || others.length > 0 || seconds === undefined || !(seconds >= 0)
      ? []
      : [{ path, seconds }];
  });
}

/** Pages of a collection's expired documents; a page may be empty. */
export function* expiredDocuments(collection: Collection, nowMs: number): Generator<StoredDocument[]> {
  for (const { path, seconds } of timesToLive(collection)) {
    const earliest = orderKey(dateValue(-(2n ** 63n)));
    const limit = orderKey(dateValue(BigInt(Math.trunc(nowMs - seconds * 1000))));
    const isOver = ({ document }: StoredDocument): boolean =>
      indexKeys(document, [path]).some((key) => key.compare(earliest) >= 0 && key.compare(limit) <= 0);
    const reader = readTablePages(collection, { keys: null, range: null, isDescending: false });
    for (let page = reader.next(pageLimit); page !== null; page = reader.next(pageLimit)) yield page.filter(isOver);
  }
}
