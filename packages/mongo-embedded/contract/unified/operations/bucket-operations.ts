/** Operations of unified tests on a GridFS bucket. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Document, GridFSBucketWriteStream, GridFSFile, ObjectId } from 'mongodb';
import { MalformedTest } from '../malformed-test.ts';
import { parseHexBytes } from '../match-value.ts';
import type { OperationContext, OperationHandler } from './operation.ts';

export const BUCKET_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  delete: async (context, { id, ...options }) => bucketOf(context).delete(id, timeOutOf(options)),
  deleteByName: async (context, { filename, ...options }) => {
    for (const { _id } of await filesNamed(context, filename)) await bucketOf(context).delete(_id, timeOutOf(options));
  },
  rename: async (context, { id, newFilename, ...options }) =>
    bucketOf(context).rename(id, newFilename, timeOutOf(options)),
  renameByName: async (context, { filename, newFilename, ...options }) => {
    for (const { _id } of await filesNamed(context, filename)) {
      await bucketOf(context).rename(_id, newFilename, timeOutOf(options));
    }
  },
  drop: async (context, options) => bucketOf(context).drop(timeOutOf(options)),
  find: async (context, { filter, ...options }) => bucketOf(context).find(filter, options).toArray(),
  download: async (context, { id, ...options }) => read(bucketOf(context).openDownloadStream(id, options)),
  downloadByName: async (context, { filename, ...options }) =>
    read(bucketOf(context).openDownloadStreamByName(filename, options)),
  upload: async (context, { filename, ...options }) =>
    upload(options, (uploadOptions) => bucketOf(context).openUploadStream(filename, uploadOptions)),
  uploadWithId: async (context, { id, filename, ...options }) =>
    upload(options, (uploadOptions) => bucketOf(context).openUploadStreamWithId(id, filename, uploadOptions)),
};

function bucketOf({ entities, operation }: OperationContext) {
  return entities.bucket(operation.object);
}

function timeOutOf({ timeoutMS }: Document): { timeoutMS: number } | undefined {
  return timeoutMS === undefined ? undefined : { timeoutMS };
}

async function filesNamed(context: OperationContext, filename: string): Promise<GridFSFile[]> {
  const files = await bucketOf(context).find({ filename }).toArray();
  if (files.length === 0) throw new Error(`the bucket has no file ${filename}`);
  return files;
}

async function read(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

async function upload(
  { source, disableMD5: _, contentType, metadata, ...options }: Document,
  open: (options: Document) => GridFSBucketWriteStream,
): Promise<ObjectId> {
  const [key, ...others] = Object.keys(source ?? {});
  if (key !== '$$hexBytes' || others.length > 0) throw new MalformedTest('the source of an upload is not $$hexBytes');
  const bytes = parseHexBytes(source['$$hexBytes']);
  const withType = contentType === undefined ? metadata : { ...metadata, contentType };
  const stream = open({ ...options, ...(withType === undefined ? {} : { metadata: withType }) });
  await pipeline([bytes], stream);
  return stream.id;
}
