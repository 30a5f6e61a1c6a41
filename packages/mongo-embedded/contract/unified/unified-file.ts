/**
 * The shape of one file of MongoDB's unified test format.
 * Source: the unified test format specification of the MongoDB specifications repository.
 */
import type { Document } from 'mongodb';

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

export interface ExpectedLogMessages {
  readonly client: string;
  readonly messages: readonly ExpectedLogMessage[];
  readonly ignoreMessages?: readonly ExpectedLogMessage[];
  readonly ignoreExtraMessages?: boolean;
}

export interface ExpectedLogMessage {
  readonly level: string;
  readonly component: string;
  readonly failureIsRedacted?: boolean;
  readonly data: Document;
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
  readonly expectLogMessages?: readonly ExpectedLogMessages[];
  readonly expectTracingMessages?: readonly Document[];
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
