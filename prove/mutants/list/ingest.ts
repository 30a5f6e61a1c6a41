import type { Mutant } from '../mutant.ts';

const folder = 'apps/engine/src/pipeline/ingest';
const stream = `${folder}/ingest-stream.ts`;
const positions = `${folder}/ingest-positions.test.ts`;

export const ingestMutants: readonly Mutant[] = [
  {
    id: 'M2',
    title: 'the position is saved before its entries',
    edits: [
      {
        file: stream,
        from: '      const { rescans } = await writer.append({',
        to: '      await writer.savePosition(saved);\n      const { rescans } = await writer.append({',
      },
    ],
    killers: [{ file: positions, name: 'a batch that cannot be appended' }],
  },
  {
    id: 'M3',
    title: 'an idle position is saved while changes are in flight',
    edits: [{ file: stream, from: '    if (!channel.isEmpty()) return;\n', to: '' }],
    killers: [{ file: positions, name: 'an idle position is not saved' }],
  },
  {
    id: 'M4',
    title: 'a reopened pipeline skips changes by cluster time',
    edits: [
      {
        file: stream,
        from: 'if (position.data <= this.#skipThrough) return true;',
        to: "if (position.clusterTime <= BigInt('0x' + this.#skipThrough.slice(2, 18))) return true;",
      },
    ],
    killers: [{ file: positions, name: 'share one cluster time' }],
  },
  {
    id: 'M9',
    title: 'a set of seen tokens, forgotten after a minute, filters what the stream repeats',
    edits: [
      {
        file: stream,
        from: 'export class StreamFlow {',
        to: `const seen = new Map<string, number>();

function isDuplicate(token: Uint8Array): boolean {
  const key = Buffer.from(token).toString('hex');
  for (const [old, atMs] of seen) if (Date.now() - atMs > 60_000) seen.delete(old);
  if (seen.has(key)) return true;
  seen.set(key, Date.now());
  return false;
}

export class StreamFlow {`,
      },
      {
        file: stream,
        from: '      const item = await this.#convert(change);\n',
        to: '      if (isDuplicate(change.token)) continue;\n      const item = await this.#convert(change);\n',
      },
    ],
    killers: [{ file: positions, name: 'a batch that cannot be appended' }],
  },
  {
    id: 'X3c',
    title: 'pages are asked for without the time that the stream has delivered',
    edits: [
      {
        file: `${folder}/ingest-scan.ts`,
        from: 'limit: pageDocumentsMax, notBefore: deliveredTime() }',
        to: 'limit: pageDocumentsMax, notBefore: 0n }',
      },
    ],
    killers: [{ file: positions, name: 'a page is never asked for at an earlier time' }],
  },
  {
    id: 'X5',
    title: 'a page of a refresh does not wait for the stream',
    edits: [
      {
        file: `${folder}/ingest-scan.ts`,
        from: '  if (isRefresh(request)) await dependencies.untilPassed(page.readTime, request.signal);\n',
        to: '',
      },
    ],
    killers: [{ file: `${folder}/ingest-refresh.test.ts`, name: 'waits for a lagging stream' }],
  },
  {
    id: 'X11',
    title: 'the position is read after the server’s time, so that a busy stream looks ahead of it',
    edits: [
      {
        file: `${folder}/source-watch.ts`,
        from: 'const difference = serverDifference({ sourceId, clusterTime }, { server, time: await source.operationTime() });',
        to: 'const time = await source.operationTime();\n    const difference = serverDifference({ sourceId, clusterTime: flow.committedTime }, { server, time });',
      },
    ],
    killers: [{ file: `${folder}/source-watch.test.ts`, name: 'commits changes while the server answers' }],
  },
];
