import { bsonTypes } from '@emcachers/bson/bson-types';
import { forEachElement, type RawElement } from '../bson/raw-element.ts';
import { objectIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Only the simple collation is supported: strings compare by their bytes. `path` names the field in messages. */
export function checkCollation(element: RawElement, path: string): undefined {
  const collation = objectIn(element, path);
  let locale = '';
  forEachElement(collation, (name, element) => {
    if (name === 'locale' && element.type === bsonTypes.string)
      locale = element.bytes.toString('utf8', 4, element.bytes.length - 1);
    return undefined;
  });
  if (locale === '')
    throw new MongoFailure('IDLFailedToParse', "BSON field 'collation.locale' is missing but a required field");
  if (locale !== 'simple')
    throw new MongoFailure(
      'CommandNotSupported',
      `collation '${locale}' is not supported by this server, only 'simple' is`,
    );
  return undefined;
}
