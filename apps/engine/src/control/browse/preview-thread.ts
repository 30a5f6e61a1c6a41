/** Entry point of the preview thread: projects one sample with large documents and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PreviewCall, previewOf } from './source-preview.ts';

const port = parentPort;
if (port === null) throw new Error('preview-thread.ts must run as a worker thread.');
const { shape, documents } = workerData as PreviewCall;
port.postMessage(previewOf(shape, documents));
