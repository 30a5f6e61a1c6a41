import { forEachElement, type RawElement } from '../bson/raw-element.ts';
import { booleanIn, objectIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Checks `changeStreamPreAndPostImages`: a document of one boolean, `enabled`. Undefined if it is absent. */
export function imagesOption(element: RawElement | undefined, path: string): Buffer | undefined {
  if (element === undefined) return undefined;
  const images = objectIn(element, path);
  let hasEnabled = false;
  forEachElement(images, (name, value) => {
    if (name !== 'enabled')
      throw new MongoFailure('IDLUnknownField', `BSON field '${path}.${name}' is an unknown field.`);
    booleanIn(value, `${path}.enabled`);
    hasEnabled = true;
    return undefined;
  });
  if (!hasEnabled)
    throw new MongoFailure('IDLFailedToParse', `BSON field '${path}.enabled' is missing but a required field`);
  return images;
}
