import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { compileProjection } from '@emcachers/core/document/projection';
import { decodeRow } from '@emcachers/core/document/row-codec';
import { type Measurement, measureRate } from '../support/measurement.ts';
import { rawSampleDocuments, sampleColumns } from '../support/sample-documents.ts';

const runs = 7;
const documentCount = 50_000;

/** Conversion in change-source, raw BSON to DocID and row, and in the replicator, row to SQLite values. */
export async function measureConvert(): Promise<Measurement[]> {
  const documents = rawSampleDocuments(documentCount);
  const projection = compileProjection(sampleColumns);
  const types = sampleColumns.map(({ type }) => type);
  const rows = documents.map((document) => projection.project(document).data);
  return [
    await measureRate({
      name: 'change-source: BSON to DocID and row',
      runs,
      work: () => {
        for (const document of documents) {
          docIdOfDocument(document);
          projection.project(document);
        }
        return documentCount;
      },
    }),
    await measureRate({
      name: 'replicator: row to SQLite values',
      runs,
      work: () => {
        for (const row of rows) decodeRow(row, types);
        return documentCount;
      },
    }),
  ];
}
