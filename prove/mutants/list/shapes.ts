import type { Mutant } from '../mutant.ts';

const source = 'apps/engine/src/pipeline/change-source';
const ingest = 'apps/engine/src/pipeline/ingest';
const filters = `${ingest}/shape-filter.test.ts`;
const values = 'packages/core/src/document/masked-value.test.ts';
const masks = 'apps/engine/test/mask.test.ts';
const withoutMasks = 'columns: shape.columns.map(({ mask: _mask, ...column }) => column)';

/** Filters and masks: what must not be copied, on each way that a document takes. */
export const shapeMutants: readonly Mutant[] = [
  {
    id: 'X26',
    title: 'the filter is not applied to updates',
    edits: [
      {
        file: `${source}/to-operation.ts`,
        from: '    const { outcome, operation } = conversion.project(route, change, route.tally.counts);',
        to: `    const applied = isInsert ? route : { ...route, projection: compileShape({ ...route.shape, where: null }) };
    const { outcome, operation } = conversion.project(applied, change, route.tally.counts);`,
      },
    ],
    killers: [{ file: filters, name: 'a document that leaves the filter is deleted' }],
  },
  {
    id: 'X26b',
    title: 'the filter is not applied to scans',
    edits: [
      {
        file: `${source}/to-operation.ts`,
        from: '    const { outcome, operation } = conversion.project(route, change, counts);',
        to: `    const applied = { ...route, projection: compileShape({ ...route.shape, where: null }) };
    const { outcome, operation } = conversion.project(applied, change, counts);`,
      },
    ],
    killers: [{ file: filters, name: 'has the documents that match at its scan' }],
  },
  {
    id: 'X26c',
    title: 'the filter is not applied to large documents',
    edits: [
      {
        file: `${source}/projection-thread.ts`,
        from: 'compileShape(shape, options)',
        to: 'compileShape({ ...shape, where: null }, options)',
      },
    ],
    killers: [{ file: `${source}/large-documents.test.ts`, name: 'does not get past the filter or a mask' }],
  },
  {
    id: 'X26d',
    title: 'a partial refresh leaves the row of a document outside of the filter',
    edits: [{ file: `${ingest}/reread.ts`, from: "      outside: 'delete',\n", to: "      outside: 'skip',\n" }],
    killers: [{ file: filters, name: 'by a partial refresh is deleted' }],
  },
  {
    id: 'X26e',
    title: 'the proof of a sweep takes a document outside of the filter for a missed one',
    edits: [
      {
        file: `${ingest}/sweep-proof.ts`,
        from: 'const keysOnly = shape.where === null;',
        to: 'const keysOnly = shape.where === null || shape.columns.length > 0;',
      },
    ],
    killers: [{ file: filters, name: 'counts every document that the scan read' }],
  },
  {
    id: 'X26f',
    title: 'a document that the filter cannot read is as good as gone for a sweep',
    edits: [
      {
        file: `${ingest}/sweep-proof.ts`,
        from: '  } catch {\n    return true;\n  }',
        to: '  } catch {\n    return false;\n  }',
      },
    ],
    killers: [{ file: `${ingest}/sweep-proof.test.ts`, name: 'the filter cannot read' }],
  },
  {
    id: 'X27',
    title: 'a mask is skipped in a scan',
    edits: [
      {
        file: `${source}/to-operation.ts`,
        from: '    const { outcome, operation } = conversion.project(route, change, counts);',
        to: `    const { shape } = route;
    const applied = { ...route, projection: compileShape({ ...shape, maskKeyId: null, ${withoutMasks} }) };
    const { outcome, operation } = conversion.project(applied, change, counts);`,
      },
    ],
    killers: [{ file: masks, name: 'no unmasked value is in PostgreSQL' }],
  },
  {
    id: 'X27b',
    title: 'a mask is skipped in changes',
    edits: [
      {
        file: `${source}/to-operation.ts`,
        from: '    const { outcome, operation } = conversion.project(route, change, route.tally.counts);',
        to: `    const { shape } = route;
    const applied = { ...route, projection: compileShape({ ...shape, maskKeyId: null, ${withoutMasks} }) };
    const { outcome, operation } = conversion.project(applied, change, route.tally.counts);`,
      },
    ],
    killers: [{ file: masks, name: 'no unmasked value is in PostgreSQL' }],
  },
  {
    id: 'X27c',
    title: 'a mask is skipped in large documents',
    edits: [
      {
        file: `${source}/projection-thread.ts`,
        from: 'compileShape(shape, options)',
        to: `compileShape({ ...shape, maskKeyId: null, ${withoutMasks} }, options)`,
      },
    ],
    killers: [
      { file: masks, name: 'no unmasked value is in PostgreSQL' },
      { file: `${source}/large-documents.test.ts`, name: 'does not get past the filter or a mask' },
    ],
  },
  {
    id: 'X27d',
    title: 'a mask is skipped in what a path collects from an array',
    edits: [
      {
        file: 'packages/core/src/document/projection.ts',
        from: "return encodeCell(this.#masked(column, json), this.#types[column] ?? 'Any');",
        to: "return encodeCell(json, this.#types[column] ?? 'Any');",
      },
    ],
    killers: [{ file: values, name: 'masks what a path collects from an array' }],
  },
  {
    id: 'X28',
    title: 'a hash has no key',
    edits: [
      {
        file: 'packages/core/src/document/masked-value.ts',
        from: "createHmac('sha256', key).update(String(value))",
        to: "createHmac('sha256', '').update(String(value))",
      },
    ],
    killers: [{ file: values, name: 'has the HMAC-SHA-256 of the text' }],
  },
  {
    id: 'X28b',
    title: 'the dead letter of a masked entity keeps the document',
    edits: [
      {
        file: `${source}/to-operation.ts`,
        from: 'const raw = isMasked ? null : smallCopy(document);',
        to: 'const raw = isMasked && document.length === 0 ? null : smallCopy(document);',
      },
    ],
    killers: [{ file: `${ingest}/shape-mask.test.ts`, name: 'but no document' }],
  },
  {
    id: 'X28c',
    title: 'an engine with another key goes on with hashes of that key',
    edits: [
      {
        file: `${source}/shape-projection.ts`,
        from: 'if (found === expected) return;',
        to: 'if (found !== null) return;',
      },
    ],
    killers: [{ file: `${ingest}/shape-mask.test.ts`, name: 'an engine with another key fails the entity' }],
  },
  {
    id: 'X28d',
    title: 'a truncated text is cut in half of a character',
    edits: [
      {
        file: 'packages/core/src/document/masked-value.ts',
        from: 'end += (text.codePointAt(end) ?? 0) > 0xff_ff ? 2 : 1;',
        to: 'end += 1;',
      },
    ],
    killers: [{ file: values, name: 'cuts none in half' }],
  },
  {
    id: 'X29',
    title: 'an erasure does not build the caches again',
    edits: [
      {
        file: 'apps/engine/src/control/job/kinds/erase-job.ts',
        from: '    cache.generations === 1 && servesLaterThan(cache, before.get(cache.nodeId) ?? 0);',
        to: '    cache.generations === 1 || servesLaterThan(cache, before.get(cache.nodeId) ?? 0);',
      },
      {
        file: 'apps/engine/src/control/job/kinds/erase-job.ts',
        from: '  await control.rebuild(entity.entityId);\n',
        to: '',
      },
    ],
    killers: [{ file: 'apps/engine/test/erasure.test.ts' }],
  },
];
