import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue, stringOf, stringValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compileExpression } from '../expression/compile-expression.ts';
import { arrayOf, bind, type Environment, type Expression, scopeWith } from '../expression/expression.ts';
import { itemsOf, walkOf } from '../raw-document.ts';
import type { Variables } from '../variables.ts';

const decisions = ['DESCEND', 'PRUNE', 'KEEP'] as const;

/** `$redact`: keeps, drops or descends into each document and its nested documents; undefined when the whole document is dropped. */
export function compileRedact(
  operand: RawValue,
  variables: Variables,
): (document: Uint8Array) => Uint8Array | undefined {
  const expression = compileExpression(operand, scopeWith(variables.names));
  let bindings = variables.bindings;
  for (const name of decisions) bindings = bind(bindings, name, stringValue(name));
  return (document) => {
    const root = documentValue(document);
    return redacted(root, { expression, environment: { root, bindings } })?.span();
  };
}

interface Redaction {
  readonly expression: Expression;
  readonly environment: Environment;
}

function redacted(document: RawValue, { expression, environment }: Redaction): RawValue | undefined {
  const decision = expression({ root: document, bindings: bind(environment.bindings, 'CURRENT', document) });
  const name = decision?.type === bsonTypes.string ? stringOf(decision) : '';
  if (name === 'KEEP') return document;
  if (name === 'PRUNE') return undefined;
  if (name !== 'DESCEND')
    throw new MongoFailure(
      17053,
      "$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE",
    );
  const writer = new BsonWriter();
  const walker = walkOf(document);
  while (walker.next()) {
    const value = redactedValue(walker.value, { expression, environment });
    if (value !== undefined) writer.value(walker.name, value.type, value.span());
  }
  return documentValue(writer.finish());
}

function redactedValue(value: RawValue, redaction: Redaction): RawValue | undefined {
  if (value.type === bsonTypes.object) return redacted(value, redaction);
  if (value.type !== bsonTypes.array) return value;
  return arrayOf(
    itemsOf(value).flatMap((item) => {
      const kept = redactedValue(item, redaction);
      return kept === undefined ? [] : [kept];
    }),
  );
}
