import { dateValue, documentValue, timestampValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compileExpression } from './expression/compile-expression.ts';
import { type Binding, bind, scopeWith } from './expression/expression.ts';
import { entriesOf } from './raw-document.ts';

/** The variables that a command's expressions can use: those of `let`, and NOW and CLUSTER_TIME. */
export interface Variables {
  readonly names: readonly string[];
  readonly bindings: Binding | null;
}

export const emptyVariables: Variables = { names: [], bindings: null };

/** Rejects names that users cannot give to variables, FailedToParse 9. Source: `variable_validation.cpp` of mongodb/mongo. */
export function checkVariableName(name: string): void {
  if (name === '') throw new MongoFailure('FailedToParse', 'empty variable names are not allowed');
  if (name === 'CURRENT') return;
  // Letters beyond ASCII may stand anywhere in a name.
  if (!/^[a-z\u0080-\uffff]/.test(name))
    throw new MongoFailure('FailedToParse', `'${name}' starts with an invalid character for a user variable name`);
  if (!/^[A-Za-z0-9_\u0080-\uffff]*$/.test(name))
    throw new MongoFailure('FailedToParse', `'${name}' contains an invalid character for a variable name`);
}

/** What the values of `let` see as the document: they can refer to none. */
const noDocument = documentValue(new BsonWriter().finish());

/** The values of `letDocument` are constant expressions; `nowMs` is the same for the whole command. */
export function commandVariables(given: {
  readonly letDocument?: Uint8Array | undefined;
  readonly nowMs: number;
  readonly clusterTime: { readonly seconds: number; readonly increment: number };
}): Variables {
  let bindings: Binding | null = bind(null, 'NOW', dateValue(BigInt(Math.trunc(given.nowMs))));
  bindings = bind(bindings, 'CLUSTER_TIME', timestampValue(given.clusterTime.seconds, given.clusterTime.increment));
  const names: string[] = [];
  const system = bindings;
  for (const [name, value] of given.letDocument === undefined ? [] : entriesOf(documentValue(given.letDocument))) {
    checkVariableName(name);
    names.push(name);
    bindings = bind(bindings, name, compileExpression(value, scopeWith([]))({ root: noDocument, bindings: system }));
  }
  return { names, bindings };
}
