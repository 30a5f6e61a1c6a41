import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compileExpression } from '../expression/compile-expression.ts';
import { scopeWith } from '../expression/expression.ts';
import { compileProjection, exclusionOf } from '../projection.ts';
import { entriesOf, fieldOf, nameBytes } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';
import type { Variables } from '../variables.ts';
import { compileAddFields } from './add-fields.ts';
import type { DocumentTransform } from './document-transform.ts';

/** The stages that transform one document into one document; undefined for any other stage. */
export function compileTransform(name: string, operand: RawValue, variables: Variables): DocumentTransform | undefined {
  switch (name) {
    case '$addFields':
    case '$set':
      return compileAddFields(name, operand, variables);
    case '$project': {
      if (operand.type !== bsonTypes.object) throw new MongoFailure(15969, '$project specification must be an object');
      if (entriesOf(operand).length === 0)
        throw new MongoFailure(51272, 'projection specification must have at least one field');
      const projection = compileProjection(operand.span(), { isFind: false, variables });
      return (document) => projection.apply(document);
    }
    case '$unset': {
      const projection = compileProjection(exclusionOf(operand), { isFind: false, variables });
      return (document) => projection.apply(document);
    }
    case '$replaceRoot':
      return replaceWith(newRootOf(operand), variables);
    case '$replaceWith':
      return replaceWith(operand, variables);
    default:
      return undefined;
  }
}

const newRootName = nameBytes('newRoot');

function newRootOf(operand: RawValue): RawValue {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(
      40229,
      `expected an object as specification for $replaceRoot stage, got ${typeNameOf(operand)}`,
    );
  const newRoot = fieldOf(operand, newRootName);
  if (newRoot === undefined)
    throw new MongoFailure(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field");
  return newRoot;
}

function replaceWith(spec: RawValue, variables: Variables): DocumentTransform {
  const expression = compileExpression(spec, scopeWith(variables.names));
  return (document) => {
    const value = expression({ root: documentValue(document), bindings: variables.bindings });
    if (value?.type !== bsonTypes.object) {
      throw new MongoFailure(
        40228,
        `'newRoot' expression must evaluate to an object, but resulting value was of type: ${typeNameOf(value)}`,
      );
    }
    return value.span();
  };
}

/** Combines such stages into one transform; any other stage fails with 40324. */
export function compileDocumentPipeline(stages: readonly RawValue[], variables: Variables): DocumentTransform {
  const transforms = stages.map((stage) => {
    const [entry] = entriesOf(stage);
    const transform = entry === undefined ? undefined : compileTransform(entry[0], entry[1], variables);
    if (transform === undefined)
      throw new MongoFailure(40324, `Unrecognized pipeline stage name: '${entry?.[0] ?? ''}'`);
    return transform;
  });
  return (document) => transforms.reduce((current, transform) => transform(current), document);
}
