/** Entry point of the preview thread: projects one sample with large documents; its owner ends it. */
import { parentPort } from 'node:worker_threads';
import { type PreviewCall, previewOf } from './source-preview.ts';

const port = parentPort;
if (port === null) throw new Error('preview-thread.ts must run as a worker thread.');
port.once('message', (call: PreviewCall) => port.postMessage(previewOf(call)));
