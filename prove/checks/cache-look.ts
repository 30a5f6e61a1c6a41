import { existsSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';

/** What an application finds at the link of a cache. */
type Sight<Found> =
  | { readonly kind: 'found'; readonly found: Found }
  /** There is no link, or it points to nothing. */
  | { readonly kind: 'missing' }
  /** A lock or a recovery is in the way, which ends. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'broken'; readonly why: string };

type FirstSight<Found> = Sight<Found> | { readonly kind: 'again'; readonly why: string };

const looksMax = 20;
const lookMs = 50;

/** A file may go away between the look at its link and its opening: then there is another, or SQLite can open it soon. */
export async function lookAtCache<Found>(
  link: string,
  read: (database: Sqlite.Database, file: string) => Found,
): Promise<Sight<Found>> {
  for (let looks = 1; ; looks += 1) {
    const sight = lookOnce(link, read);
    if (sight.kind !== 'again') return sight;
    if (looks === looksMax) return { kind: 'broken', why: sight.why };
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

function lookOnce<Found>(link: string, read: (database: Sqlite.Database, file: string) => Found): FirstSight<Found> {
  const target = targetOf(link);
  if (target === null) return { kind: 'missing' };
  const file = path.join(path.dirname(link), target);
  if (!existsSync(file)) return targetOf(link) === target ? { kind: 'missing' } : { kind: 'again', why: 'It moves.' };
  try {
    const database = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 1_000 });
    try {
      return { kind: 'found', found: database.transaction(() => read(database, file))() };
    } finally {
      database.close();
    }
  } catch (error) {
    return sightOf(error);
  }
}

function sightOf(error: unknown): FirstSight<never> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^SQLITE_(?:BUSY|READONLY)/.test(code)) return { kind: 'busy' };
  return { kind: code.startsWith('SQLITE_CANTOPEN') ? 'again' : 'broken', why: String(error) };
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}
