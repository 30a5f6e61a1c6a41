import { Binary } from 'bson';
import { uuidIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CommandContext } from './command.ts';

/** Checks `collectionUUID`: CollectionUUIDMismatch 361 if the collection has another UUID. */
export function checkCollectionUuid({ body, database, server }: CommandContext, name: string): void {
  const element = body.element('collectionUUID');
  if (element === undefined) return;
  const wanted = uuidIn(element, `${body.name}.collectionUUID`);
  const { catalog } = server.store;
  if (catalog.find(database, name)?.uuid.equals(wanted) === true) return;
  const actual = catalog.findByUuid(wanted);
  throw new MongoFailure('CollectionUUIDMismatch', 'Collection UUID does not match that specified', {
    db: database,
    collectionUUID: new Binary(Buffer.from(wanted), 4),
    expectedCollection: name,
    actualCollection: actual !== undefined && actual.database === database ? actual.name : null,
  });
}
