/** Finds and reads the files of the unified test format below a folder, and refuses those that are not in the format. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseExtendedJson } from './extended-json.ts';
import { schemaViolation } from './json-schema.ts';
import type { UnifiedFile } from './unified-file.ts';

/** Newest minor version of format 1 whose rules this runner knows. */
const SCHEMA_VERSION_MAX = { major: 1, minor: 28 };
const SCHEMA_NAME = /(?:^|\/)schema-(\d+\.\d+|latest)\.json$/;
/** The keys of a file and of a test that the runner honours; where the folder holds the schemas, they say the rest. */
const FILE_KEYS = [
  'description',
  'schemaVersion',
  'runOnRequirements',
  'createEntities',
  'initialData',
  'tests',
  '_yamlAnchors',
];
const TEST_KEYS = [
  'description',
  'skipReason',
  'runOnRequirements',
  'operations',
  'expectEvents',
  'expectLogMessages',
  'expectTracingMessages',
  'outcome',
];

/** What reading one path gave: a test file, a JSON file that is something else, or a file that breaks the format. */
export type FoundFile =
  | { readonly kind: 'unified'; readonly path: string; readonly file: UnifiedFile }
  | { readonly kind: 'other'; readonly path: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly path: string; readonly reason: string };

/** The format's own schemas by version (`1.4`, `latest`); empty where the folder does not hold them. */
export type Schemas = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** Every JSON file below `folder` but the schemas, in name order. Paths are relative to the folder. */
export function findUnifiedFiles(folder: string): FoundFile[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort();
  const schemas: Schemas = new Map(paths.flatMap((path) => readSchema(join(folder, path))));
  return paths
    .filter((path) => !SCHEMA_NAME.test(path))
    .map((path) => {
      const text = readFileSync(join(folder, path), 'utf8');
      return readUnifiedFile(relative(folder, join(folder, path)), text, schemas);
    });
}

function readSchema(path: string): [string, Readonly<Record<string, unknown>>][] {
  const version = SCHEMA_NAME.exec(path)?.[1];
  return version === undefined ? [] : [[version, JSON.parse(readFileSync(path, 'utf8'))]];
}

/** Reads one file's text; whatever it holds, the answer is a kind and never an exception. */
export function readUnifiedFile(path: string, text: string, schemas: Schemas): FoundFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { kind: 'refused', path, reason: String(error) };
  }
  if (!isUnified(path, content)) {
    return { kind: 'other', path, reason: 'not in the unified test format (no schemaVersion)' };
  }
  const reason = refusalOf(content, schemas);
  if (reason !== null) return { kind: 'refused', path, reason };
  try {
    return { kind: 'unified', path, file: parseExtendedJson(text) as UnifiedFile };
  } catch (error) {
    return { kind: 'refused', path, reason: String(error) };
  }
}

/** Files of the self-tests count without a version too: that it is missing is what one of them is about. */
function isUnified(path: string, content: unknown): content is Readonly<Record<string, unknown>> {
  if (typeof content !== 'object' || content === null) return false;
  return 'schemaVersion' in content || selfTestOf(path) !== null;
}

function refusalOf(content: Readonly<Record<string, unknown>>, schemas: Schemas): string | null {
  const { schemaVersion, tests } = content;
  if (typeof schemaVersion !== 'string') return 'schemaVersion is not a string';
  const [major = '', minor = '0'] = schemaVersion.split('.');
  const { major: known, minor: newest } = SCHEMA_VERSION_MAX;
  if (Number(major) !== known || !(Number(minor) <= newest)) {
    return `schemaVersion ${schemaVersion} is none of ${known}.0 to ${known}.${newest}`;
  }
  const schema = schemas.get(`${major}.${minor}`) ?? schemas.get('latest');
  if (schema !== undefined) return schemaViolation(schema, content);
  if (!Array.isArray(tests)) return 'tests is not an array';
  return unknownKeyOf(content, FILE_KEYS) ?? tests.map((test) => unknownKeyOf(test, TEST_KEYS)).find(Boolean) ?? null;
}

function unknownKeyOf(value: object, known: readonly string[]): string | null {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  return unknown === undefined ? null : `the key ${unknown} is not of the format`;
}

/**
 * Which of the format's tests of runners a file belongs to: `invalid` files must be refused, tests of `valid-fail` must
 * fail and those of `valid-pass` must pass; null for every other file.
 */
export function selfTestOf(path: string): 'invalid' | 'valid-fail' | 'valid-pass' | null {
  const kind = /(?:^|\/)unified-test-format\/tests\/(invalid|valid-fail|valid-pass)\//.exec(path)?.[1];
  return kind === 'invalid' || kind === 'valid-fail' || kind === 'valid-pass' ? kind : null;
}
