import { dateValue, documentValue, timestampValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { compileExpression } from './expression/compile-expression.ts';
import { type Binding, bind, scopeWith } from './expression/expression.ts';
import { entriesOf } from './raw-document.ts';

/** The variables that a command's expressions can use: those of `let`, and NOW and CLUSTER_TIME. */
export interface Variables {
  readonly names: readonly string[];
  readonly bindings: Binding | null;
}

export const emptyVariables: Variables = { names: [], bindings: null };

/** The values of `letDocument` are constant expressions; `nowMs` is the same for the whole command. */
export function commandVariables(given: {
  readonly letDocument?: Uint8Array | undefined;
  readonly nowMs: number;
  readonly clusterTime: { readonly seconds: number; readonly increment: number };
}): Variables {
  let bindings: Binding | null = bind(null, 'NOW', dateValue(BigInt(Math.trunc(given.nowMs))));
  bindings = bind(bindings, 'CLUSTER_TIME', timestampValue(given.clusterTime.seconds, given.clusterTime.increment));
  const names: string[] = [];
  const root = documentValue(new BsonWriter().finish());
  const system = bindings;
  for (const [name, value] of given.letDocument === undefined ? [] : entriesOf(documentValue(given.letDocument))) {
    names.push(name);
    bindings = bind(bindings, name, compileExpression(value, scopeWith([]))({ root, bindings: system }));
  }
  return { names, bindings };
}
