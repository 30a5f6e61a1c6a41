import fc from 'fast-check';
import { operationRows } from '../../src/api/operations.ts';

/** A request as a hostile or a faulty client sends it. */
export interface WildRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Text that has broken something somewhere: NUL, half of a pair, quotes, paths, prototypes, LIKE patterns, very long. */
const nasty = [
  ...['', ' ', '.', '..', '../../etc/passwd', 'a/b', '%', '_', "' OR 1=1 --", '"', '\\', '$where', '{"$gt":""}'],
  ...['\0', 'a\0b', '\ud800', 'a\udfff', '\u202e', 'ﬀ', '😀', '__proto__', 'constructor', 'null', 'NaN', '-1', '1e309'],
  ...['9007199254740993', '0x10', 'metadata', 'sqlite_x', 'orders', 'ORDERS', 'a'.repeat(64), 'a'.repeat(3_000)],
];
const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 20 }));

/** As a client writes it into an address: encoded, half encoded, or broken. */
const segment = fc.oneof(
  { weight: 5, arbitrary: text.map((each) => encodeURIComponent(each.toWellFormed())) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%', '%zz', '%00', '%ff', '%E0%A4', '%2e%2e', '%25', 'a;b', '?', 'a'.repeat(5_000)),
  },
);

const routes = operationRows.map(({ operation: { rest } }) => rest);
const procedures = [...operationRows.map(({ name }) => name), 'live.stream', 'nothing.here'];
const ownPaths = [
  '/',
  '/healthz',
  '/readyz',
  '/health',
  '/metrics',
  '/api/docs',
  '/api/v1/openapi.json',
  '/trpc/',
  '/api/v1/',
];

const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(0, -1, 1.5, 1e308, 2 ** 53, null, true, [], {}, [[]], '$date') },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

/** The fields of our operations, with a value of any kind. */
const fields = [
  'entityName',
  'sourceName',
  'columns',
  'indexes',
  'where',
  'stream',
  'ids',
  'documents',
  'docIds',
  'limit',
  'entities',
];
const shapeLike = fc.record(
  {
    entityName: fc.oneof(fc.constantFrom('orders', 'wild'), text),
    sourceName: fc.oneof(fc.constantFrom('shop.orders', 'shop.nothing', 'shop'), text),
    columns: fc.oneof(
      fc.array(fc.record({ name: text, type: fc.constantFrom('Text', 'Any', 'Bad'), path: text }), { maxLength: 3 }),
      fc.constant([{ name: 'a', type: 'Text', path: 'a' }]),
      value,
    ),
    where: fc.oneof(fc.constantFrom({}, { a: { $gt: 1 } }, { $where: '1' }), value),
    stream: value,
  },
  { requiredKeys: [] },
);
const input = fc.oneof(shapeLike, fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 4 }), value);
const body = fc.oneof(
  { weight: 6, arbitrary: input.map((each) => JSON.stringify(each)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '{', '[', 'null', '"', '\0', '{"__proto__":{"a":1}}', '['.repeat(3_000)),
  },
  { weight: 1, arbitrary: text },
);

const query = fc.oneof(
  fc.constant(''),
  fc
    .array(
      fc.tuple(
        fc.constantFrom('limit', 'before', 'after', 'idText', 'docId', 'entityName', 'action', 'state', 'x'),
        segment,
      ),
      {
        maxLength: 3,
      },
    )
    .map((pairs) => `?${pairs.map(([name, each]) => `${name}=${each}`).join('&')}`),
);
const restPath = fc
  .tuple(fc.constantFrom(...routes), fc.infiniteStream(segment), query)
  .map(([{ path, method }, segments, search]) => ({
    path: `${path.replaceAll(/\{\w+\}/g, () => segments.next().value ?? '')}${search}`,
    method: String(method),
  }));
const trpcPath = fc
  .tuple(
    fc.array(fc.constantFrom(...procedures), { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    fc.oneof(body, segment),
  )
  .map(([names, isBatch, text]) => ({
    path: `/trpc/${names.join(',')}?${isBatch ? 'batch=1&' : ''}input=${encodeURIComponent(text.toWellFormed())}`,
    method: 'GET',
  }));
const otherPath = fc
  .oneof(
    fc.constantFrom(...ownPaths),
    fc.array(segment, { maxLength: 4 }).map((each) => `/${each.join('/')}`),
  )
  .map((path) => ({ path, method: 'GET' }));

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'text/plain',
      'multipart/form-data',
      '/',
      'x',
    ),
    accept: fc.constantFrom('*/*', 'text/event-stream', 'x'),
    'idempotency-key': fc.oneof(fc.uuid(), fc.constantFrom('a', ' ', 'k'.repeat(300), '"quoted"')),
    'trpc-accept': fc.constantFrom('application/jsonl', 'x'),
    'last-event-id': fc.constantFrom('1', 'x'),
    'sec-fetch-site': fc.constantFrom('same-origin', 'cross-site', 'x'),
    origin: fc.constantFrom('null', 'http://localhost:3000', 'http://evil.example', 'x'),
    host: fc.constantFrom('evil.example', '', '['),
    expect: fc.constantFrom('100-continue', 'x'),
    range: fc.constantFrom('bytes=0-', 'x'),
  },
  { requiredKeys: [] },
);
/** Most requests are such that they reach an operation. */
const plainHeaders = fc.constant({ 'content-type': 'application/json' });

/** Requests to all routes, most of them with the right method and JSON. */
export const wildRequest: fc.Arbitrary<WildRequest> = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: restPath },
      { weight: 3, arbitrary: trpcPath },
      { weight: 1, arbitrary: otherPath },
    ),
    fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...methods) }),
    fc.oneof({ weight: 3, arbitrary: plainHeaders }, { weight: 1, arbitrary: headers }),
    body,
  )
  .map(([{ path, method }, otherMethod, chosen, content]) => {
    const used = otherMethod ?? (path.startsWith('/trpc/') && content.length % 2 === 0 ? 'POST' : method);
    return { path, method: used, headers: chosen, body: ['GET', 'HEAD', 'TRACE'].includes(used) ? null : content };
  });
