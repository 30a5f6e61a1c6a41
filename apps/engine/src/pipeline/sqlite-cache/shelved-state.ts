import type { CacheFile } from './cache-file.ts';
import type { CachePaths } from './cache-paths.ts';
import type { CacheState } from './cache-types.ts';

interface OpenGeneration {
  readonly paths: CachePaths;
  readonly generation: number;
  readonly file: CacheFile;
}

/** What the rest of the engine sees of an open file. */
export function stateOf({ paths, generation, file }: OpenGeneration): CacheState {
  const { offset, documents, termId, horizon, sourceTime } = file.metadata;
  const link = paths.published();
  const published = link === generation;
  const names = { path: paths.link, file: file.path };
  return {
    generation,
    offset,
    documents,
    termId,
    horizon,
    sourceTime,
    published,
    served: link !== null,
    fileBytes: file.bytes(),
    indexes: file.indexNames(),
    ...names,
  };
}
