/**
 * The shape of one file of MongoDB's unified test format, and how such files are found and read.
 * Source: the unified test format specification of the MongoDB specifications repository.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Document } from 'mongodb';
import { parseExtendedJson } from './extended-json.ts';

/** Newest minor version of format 1 whose rules this runner knows. */
export const SCHEMA_VERSION_MAX = { major: 1, minor: 28 };

export interface RunOnRequirement {
  readonly minServerVersion?: string;
  readonly maxServerVersion?: string;
  readonly topologies?: readonly string[];
  readonly serverParameters?: Document;
  readonly serverless?: string;
  readonly auth?: boolean;
  readonly authMechanism?: string;
  readonly csfle?: unknown;
}

export interface ExpectedError {
  readonly isError?: boolean;
  readonly isClientError?: boolean;
  readonly isTimeoutError?: boolean;
  readonly errorContains?: string;
  readonly errorCode?: number;
  readonly errorCodeName?: string;
  readonly errorLabelsContain?: readonly string[];
  readonly errorLabelsOmit?: readonly string[];
  readonly errorResponse?: Document;
  readonly expectResult?: unknown;
  readonly writeErrors?: Document;
  readonly writeConcernErrors?: readonly Document[];
}

export interface UnifiedOperation {
  readonly name: string;
  readonly object: string;
  readonly arguments?: Document;
  readonly expectError?: ExpectedError;
  readonly expectResult?: unknown;
  readonly saveResultAsEntity?: string;
  readonly ignoreResultAndError?: boolean;
}

export interface ExpectedEvents {
  readonly client: string;
  readonly eventType?: 'command' | 'cmap' | 'sdam';
  readonly events: readonly Document[];
  readonly ignoreExtraEvents?: boolean;
}

export interface CollectionData {
  readonly databaseName: string;
  readonly collectionName: string;
  readonly createOptions?: Document;
  readonly documents: Document[];
}

export interface UnifiedTest {
  readonly description: string;
  readonly skipReason?: string;
  readonly runOnRequirements?: readonly RunOnRequirement[];
  readonly operations: readonly UnifiedOperation[];
  readonly expectEvents?: readonly ExpectedEvents[];
  readonly outcome?: readonly CollectionData[];
}

export interface UnifiedFile {
  readonly description: string;
  readonly schemaVersion: string;
  readonly runOnRequirements?: readonly RunOnRequirement[];
  readonly createEntities?: readonly Document[];
  readonly initialData?: readonly CollectionData[];
  readonly tests: readonly UnifiedTest[];
}

/** What reading one path gave: a test file, a JSON file that is something else, or a file nobody can read. */
export type FoundFile =
  | { readonly kind: 'unified'; readonly path: string; readonly file: UnifiedFile }
  | { readonly kind: 'other'; readonly path: string; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string };

/** Every JSON file below `folder`, in name order, sorted into what it is. Paths are relative to the folder. */
export function findUnifiedFiles(folder: string): FoundFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => readUnifiedFile(folder, join(folder, path)));
}

function readUnifiedFile(folder: string, fullPath: string): FoundFile {
  const path = relative(folder, fullPath);
  let content: unknown;
  try {
    content = parseExtendedJson(readFileSync(fullPath, 'utf8'));
  } catch (error) {
    return { kind: 'unreadable', path, reason: error instanceof Error ? error.message : String(error) };
  }
  if (typeof content !== 'object' || content === null || !('schemaVersion' in content)) {
    return { kind: 'other', path, reason: 'not in the unified test format (no schemaVersion)' };
  }
  const file = content as Partial<UnifiedFile>;
  if (typeof file.schemaVersion !== 'string') {
    return { kind: 'unreadable', path, reason: 'schemaVersion is not a string' };
  }
  if (!Array.isArray(file.tests)) return { kind: 'unreadable', path, reason: 'tests is not an array' };
  if (typeof file.description !== 'string') return { kind: 'unreadable', path, reason: 'description is not a string' };
  return { kind: 'unified', path, file: file as UnifiedFile };
}

/** Why the file's format version cannot be run, or null when it can. */
export function schemaVersionRefusal(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const { major: known, minor: newest } = SCHEMA_VERSION_MAX;
  if (major === known && minor <= newest) return null;
  return `schemaVersion ${version} is newer than ${known}.${newest}`;
}
