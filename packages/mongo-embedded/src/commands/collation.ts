import { bsonTypes } from '@emcachers/bson/bson-types';
import { forEachElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Only the simple collation is supported: strings compare by their bytes. */
export function checkCollation(collation: Uint8Array): undefined {
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
