import { EmcachersError } from '@emcachers/core/emcachers-error';
import { parseSourceName } from '@emcachers/core/shape';
import type { MongoSource } from '../../pipeline/change-source/change-source.ts';
import type { CollectionFacts } from '../../pipeline/change-source/change-source-types.ts';
import { refusalOfSource } from '../../pipeline/change-source/source-refusal.ts';

/**
 * Throws EMC-2007 with the field if the source is of a kind that cannot be followed. If MongoDB does not answer, the entity is
 * created all the same: the leader checks the source again, at its scan and then on a schedule.
 */
export async function checkSource(source: Pick<MongoSource, 'collectionFacts'>, sourceName: string): Promise<void> {
  const detail = refusalOfSource(sourceName, await factsOrNull(source, sourceName));
  if (detail === null) return;
  throw new EmcachersError({ code: 'EMC-2007', detail, fields: [{ path: ['sourceName'], message: detail }] });
}

async function factsOrNull(
  source: Pick<MongoSource, 'collectionFacts'>,
  sourceName: string,
): Promise<CollectionFacts | null> {
  try {
    return await source.collectionFacts(parseSourceName(sourceName));
  } catch {
    // Unreachable, or the user may not list collections.
    return null;
  }
}
