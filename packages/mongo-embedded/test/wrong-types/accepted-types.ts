/** Which BSON types a field takes; every other type must be refused. */
import type { TypedValue } from './typed-values.ts';

const numbers: readonly number[] = [0x01, 0x10, 0x12, 0x13];
/** Null and undefined count as absent. */
const absent: readonly number[] = [0x06, 0x0a];

interface Acceptance {
  /** `command: path` with `*` for any item of an array. */
  readonly place: RegExp;
  /** Further types that the field takes; null for every type. */
  readonly types: readonly number[] | null;
  readonly reason: string;
}

/** The value of a command's own field where it names no collection. */
const valueless =
  'ping|bulkWrite|listCollections|listDatabases|dbStats|dropDatabase|hello|commitTransaction|abortTransaction|startSession|getParameter|setParameter|usersInfo|currentOp|killOp|fsync|serverStatus|hostInfo|connectionStatus|buildInfo|replSetGetStatus|replSetGetConfig|getCmdLineOpts|whatsmyuri|listCommands|logout|getFreeMonitoringStatus|getDefaultRWConcern|saslStart|saslContinue|authenticate';

const string = [0x02];
const object = [0x03];
const array = [0x04];

/** Fields that take more than the type of their example. Each says why. */
const acceptances: readonly Acceptance[] = [
  { place: new RegExp(`^(${valueless}): \\1$`), types: null, reason: 'mongod does not read the value' },
  { place: /: comment$/, types: null, reason: 'a comment is any value' },
  { place: /\$clusterTime\.signature/, types: null, reason: 'there are no keys that signatures could be checked with' },
  { place: /(documents\.\d+|\.document|\$set|\.u)\.\w+$/, types: null, reason: 'a document holds any value' },
  {
    place: /(filter|query|q|\$match|arrayFilters\.\d+)\.\w+(\.\$gte?)?$/,
    types: null,
    reason: 'a value to compare with',
  },
  { place: /partialFilterExpression\.a(\.\$gt)?$/, types: null, reason: 'a value to compare with' },
  { place: /wildcardProjection\.a$/, types: null, reason: 'a flag of a projection' },
  { place: /weights\.a$/, types: null, reason: 'only a text index reads it' },
  { place: /(min|max)\._id$/, types: null, reason: 'a key of the index' },
  { place: /(let|c|constants)\.\w+$/, types: null, reason: 'an expression' },
  {
    place: /\$(group\._id|sum|addFields\.m|add(\.\d)?|bucket\.(groupBy|default))$/,
    types: null,
    reason: 'an expression',
  },
  { place: /(\$project|projection|fields)\.\w+$/, types: null, reason: 'an expression, a flag or an operator' },
  { place: /: .*hint$/, types: [...string, ...object], reason: 'a name or a key pattern' },
  {
    place:
      /(ordered|bypassDocumentValidation|explain|nameOnly|authorized\w+|remove|new|upsert|ignoreUnknownIndexOptions|showPrivileges|lock|ttlMonitorEnabled|notablescan|dropTarget|unique|sparse|hidden|background|confirm|j|multi|closeConnection|blockConnection|errorsOnly|helloOk)$/,
    types: numbers,
    reason: 'parsed as `safeBool`, which takes numbers',
  },
  { place: /^renameCollection: dropTarget$/, types: [0x05], reason: 'the UUID of the collection to drop' },
  { place: /\$unwind$/, types: string, reason: 'the path alone' },
  {
    place: /\$merge$|\$merge\.into$|\$out$/,
    types: [...string, ...object],
    reason: 'a name, or a document with db and coll',
  },
  { place: /\$merge\.on$|\$merge\.whenMatched$/, types: array, reason: 'several paths; a pipeline' },
  { place: /^validate: full$/, types: null, reason: 'mongod takes any value for its truth' },
  { place: /^serverStatus: repl$/, types: null, reason: 'mongod takes any value for its truth' },
  { place: /^getParameter: logLevel$/, types: null, reason: 'the name alone asks for the parameter' },
  { place: /writeConcern\.w$/, types: [...string, ...object], reason: 'a mode, or tags' },
  { place: /commitQuorum$/, types: numbers, reason: 'a number of members' },
  { place: /^create: idIndex\./, types: null, reason: 'it has one form, so its content has no effect' },
  {
    place: /^(create|createIndexes): .*(storageEngine|indexOptionDefaults)\./,
    types: null,
    reason: 'it configures WiredTiger',
  },
  { place: /^dropIndexes: index$/, types: [...string, ...object, ...array], reason: 'names, or a key pattern' },
  { place: /^dropIndexes: index\.[ab]$/, types: null, reason: 'a key pattern that no index has' },
  { place: /^collMod: index\.keyPattern\.[ab]$/, types: null, reason: 'a key pattern that no index has' },
  { place: /^(update|findAndModify): .*(\.u|update)$/, types: array, reason: 'a pipeline' },
  { place: /updateMods$/, types: array, reason: 'a pipeline' },
  { place: /^hello: speculativeAuthenticate\./, types: null, reason: 'a speculative login that fails is omitted' },
  { place: /^sasl\w+: payload$/, types: string, reason: 'old clients send base64 text' },
  { place: /^saslStart: options\.skipEmptyExchange$/, types: numbers, reason: 'read as a flag' },
  { place: /^usersInfo: usersInfo$/, types: null, reason: 'one user, several, or all' },
];

/** The types that stand for an example's own: any number for a number. */
function typesLike(example: unknown): readonly number[] {
  if (Array.isArray(example)) return array;
  const kind = (example as { _bsontype?: string } | null)?._bsontype ?? typeof example;
  return typesByKind[kind] ?? object;
}

/** By the class of a value of the `bson` package, or by `typeof`; any other value is a document. */
const typesByKind: Readonly<Record<string, readonly number[]>> = {
  string,
  boolean: [0x08],
  number: numbers,
  Long: numbers,
  Timestamp: [0x11],
  ObjectId: [0x07],
  Binary: [0x05],
  UUID: [0x05],
};

/** Whether the field at this place takes the value's type, so that the server need not refuse it. */
export function isAccepted(place: string, example: unknown, { type }: TypedValue): boolean {
  if (absent.includes(type) || typesLike(example).includes(type)) return true;
  return acceptances.some((each) => each.place.test(place) && (each.types === null || each.types.includes(type)));
}
