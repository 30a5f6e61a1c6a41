/** Entry point of the projection thread: projects large documents, one at a time, away from the engine's event loop. */
import { parentPort } from 'node:worker_threads';
import { DocumentError, RefusedValueError } from '@emcachers/core/document/document-error';
import { emptyColumnCounts } from '@emcachers/core/document/projection';
import type { ProjectionAnswer, ProjectionCall } from './projection-protocol.ts';
import { compileShape } from './shape-projection.ts';

const port = parentPort;
if (port === null) throw new Error('projection-thread.ts must run as a worker thread.');
port.on('message', (call: ProjectionCall) => port.postMessage(answer(call)));

function answer({ shape, options, document }: ProjectionCall): ProjectionAnswer {
  try {
    const counts = emptyColumnCounts(shape.columns.length);
    const row = compileShape(shape, options).project(document, counts);
    return row === null ? { kind: 'outside' } : { kind: 'row', data: row.data, counts };
  } catch (error) {
    // Errors lose their class between threads.
    if (error instanceof RefusedValueError)
      return { kind: 'refused-value', code: error.code, detail: error.detail, columnName: error.columnName };
    if (error instanceof DocumentError) return { kind: 'refused', code: error.code, detail: error.detail };
    return { kind: 'refused', code: 'EMC-6001', detail: error instanceof Error ? error.message : String(error) };
  }
}
