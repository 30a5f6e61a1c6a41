import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import type { CommandBody } from '../bson/command-body.ts';
import { errorCodes } from '../error/error-codes.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { CompiledFilter } from '../query/filter.ts';
import { idOf } from '../query/raw-document.ts';
import { type CompiledUpdate, compileUpdate } from '../query/update/update.ts';
import type { Variables } from '../query/variables.ts';
import type { Collection } from '../storage/catalog.ts';
import type { StoredDocument } from '../storage/collection-table.ts';
import { type DocumentAccess, LockedByTransaction } from '../storage/document-access.ts';
import type { CommandContext } from './command.ts';
import { checkCommandCollation, filterOf, type SortChoice, sortOf, variablesOf } from './find-options.ts';
import { type Hint, orderedBy, readHint, restricted } from './hint.ts';
import { forEachMatch } from './matches.ts';
import { waitForUnlock } from './retry-when-unlocked.ts';
import { checkDocumentSize, storedForm } from './stored-form.ts';

/** One update, ready to run. */
export interface UpdateStatement {
  readonly filter: CompiledFilter;
  readonly update: CompiledUpdate;
  readonly isMulti: boolean;
  readonly isUpsert: boolean;
  readonly sort: SortChoice | null;
}

export interface UpdateCounts {
  readonly matched: number;
  readonly modified: number;
  /** The `_id` of the document that an upsert inserted. */
  readonly upsertedId: RawValue | null;
}

export interface UpdateOutcome extends UpdateCounts {
  /** The last document that matched, before and after; null if none did. */
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
}

export interface UpdateParts {
  /** The filter: `q` of an update, `query` of a findAndModify. */
  readonly filter: Uint8Array | undefined;
  readonly update: { readonly type: number; readonly bytes: Buffer } | undefined;
  readonly constants: Uint8Array | undefined;
  readonly arrayFilters: readonly Uint8Array[] | undefined;
  readonly sort: Uint8Array | undefined;
  readonly isMulti: boolean;
  readonly isUpsert: boolean;
}

/** The command's variables plus those of `c`, which only pipeline updates may use. */
function variablesWith(context: CommandContext, { constants, update }: UpdateParts): Variables {
  if (constants === undefined) return variablesOf(context);
  if (update?.type !== bsonTypes.array)
    throw new MongoFailure(51198, 'Constant values may only be specified for pipeline updates');
  return variablesOf(context, constants);
}

/** Compiles an update and performs every check that does not need a document. */
export function compileStatement(context: CommandContext, parts: UpdateParts): UpdateStatement {
  const variables = variablesWith(context, parts);
  const filter = filterOf(parts.filter, variables);
  if (parts.update === undefined)
    throw new MongoFailure('FailedToParse', 'Update argument must be either an object or an array');
  const update = compileUpdate({
    update: rawValue(parts.update.type, parts.update.bytes),
    ...(parts.arrayFilters === undefined ? {} : { arrayFilters: parts.arrayFilters }),
    variables,
    nowMs: context.server.clock.nowMs(),
    clusterTime: context.server.store.clusterClock.current,
  });
  if (update.isReplacement && parts.isMulti)
    throw new MongoFailure('FailedToParse', 'multi update is not supported for replacement-style update');
  const sort = parts.sort === undefined ? null : sortOf(parts.sort);
  if (sort !== null && parts.isMulti) throw new MongoFailure('FailedToParse', 'Cannot specify sort with multi=true');
  return { filter, update, isMulti: parts.isMulti, isUpsert: parts.isUpsert, sort };
}

/** Reads `{ q, u, multi, upsert, … }` of the update command. */
export function parseStatement(
  context: CommandContext,
  statement: CommandBody,
  collectionName: string,
): UpdateStatement {
  checkCommandCollation(statement);
  const isMulti = statement.boolean('multi') ?? false;
  if (isMulti && context.retryableWrite !== null) {
    throw new MongoFailure('InvalidOptions', 'Cannot use retryable writes with multi=true');
  }
  const hint = readHint(context, statement, context.access.collection(context.database, collectionName));
  const compiled = compileStatement(context, {
    filter: statement.requiredDocument('q'),
    update: statement.element('u'),
    constants: statement.document('c'),
    arrayFilters: statement.documents('arrayFilters'),
    sort: statement.document('sort'),
    isMulti,
    isUpsert: statement.boolean('upsert') ?? false,
  });
  return hinted(compiled, hint);
}

/** The update, restricted to the hinted index and in its order. */
export function hinted(statement: UpdateStatement, hint: Hint): UpdateStatement {
  return {
    ...statement,
    filter: restricted(statement.filter, hint),
    sort: orderedBy(statement.sort, hint),
  };
}

/** Maximum retries of an upsert that lost a race. */
const upsertRetriesMax = 3;

export interface UpdateAttempt {
  readonly statement: UpdateStatement;
  /** Called synchronously with each write. */
  readonly record?: (outcome: UpdateOutcome) => void;
  readonly attemptsLeft?: number;
}

/** Runs one update on one collection. */
export async function runUpdate(context: CommandContext, name: string, attempt: UpdateAttempt): Promise<UpdateOutcome> {
  const { access, database } = context;
  const { filter, isMulti, isUpsert, sort } = attempt.statement;
  const collection = isUpsert ? access.collectionForWrite(database, name) : access.collection(database, name);
  const updates = new MatchUpdates(access, attempt);
  if (collection !== undefined) {
    await forEachMatch(context, { collection, filter, isSingle: !isMulti, sort }, (stored, current) =>
      updates.apply(stored, current),
    );
  }
  const outcome = updates.outcome();
  return outcome.matched > 0 || !isUpsert ? outcome : upsert(context, name, attempt);
}

/** Applies an update to the documents that match, and counts them. */
class MatchUpdates {
  readonly #access: DocumentAccess;
  readonly #attempt: UpdateAttempt;
  #matched = 0;
  #modified = 0;
  #before: Uint8Array | null = null;
  #after: Uint8Array | null = null;

  constructor(access: DocumentAccess, attempt: UpdateAttempt) {
    this.#access = access;
    this.#attempt = attempt;
  }

  apply(stored: StoredDocument, collection: Collection): void {
    const result = applyTo(stored, this.#attempt.statement);
    if (result.kind !== 'noop') {
      checkDocumentSize(result.document);
      const { document, kind, updateDescription } = result;
      this.#access.replace(collection, stored, { document, kind, updateDescription });
      this.#modified += 1;
    }
    this.#matched += 1;
    this.#before = stored.document;
    this.#after = result.document;
    this.#attempt.record?.(this.outcome());
  }

  outcome(): UpdateOutcome {
    return {
      matched: this.#matched,
      modified: this.#modified,
      upsertedId: null,
      before: this.#before,
      after: this.#after,
    };
  }
}

/** Inserts the document of an upsert that matched nothing. */
async function upsert(context: CommandContext, name: string, attempt: UpdateAttempt): Promise<UpdateOutcome> {
  const { statement, attemptsLeft = upsertRetriesMax } = attempt;
  try {
    const outcome = insertUpsert(context, name, statement);
    attempt.record?.(outcome);
    return outcome;
  } catch (error) {
    if (error instanceof LockedByTransaction) {
      await waitForUnlock(context, error);
      return runUpdate(context, name, attempt);
    }
    // Another upsert won the race; the document that it inserted may match now. Source: manual, "Upsert with Unique Index".
    const isDuplicate = error instanceof MongoFailure && error.code === errorCodes.DuplicateKey;
    if (!isDuplicate || attemptsLeft === 0) throw error;
    return runUpdate(context, name, { ...attempt, attemptsLeft: attemptsLeft - 1 });
  }
}

function applyTo(stored: StoredDocument, { filter, update }: UpdateStatement): ReturnType<CompiledUpdate['apply']> {
  const position = filter.matchesAll ? -1 : (filter.trace(stored.document)?.position ?? -1);
  return update.apply(stored.document, position);
}

function insertUpsert(context: CommandContext, name: string, { filter, update }: UpdateStatement): UpdateOutcome {
  const { access, database, server } = context;
  const form = storedForm(update.insertDocument(filter), () => server.store.clusterClock.tick());
  access.insert(access.collectionForWrite(database, name), form, access.stamp());
  const id = idOf(form.bytes);
  return { matched: 0, modified: 0, upsertedId: id ?? null, before: null, after: asBuffer(form.bytes) };
}
