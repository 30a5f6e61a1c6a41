import { entityNameSchema } from '@emcachers/core/shape';

/** The entity whose page is open, or null. Any text can be in its place: a person may have typed the address. */
export function entityOfPath(pathname: string): string | null {
  const [, section, name] = pathname.split('/');
  return section === 'entities' && name !== undefined && name !== 'new' ? decoded(name) : null;
}

/**
 * The entity whose rows the subscription watches, or null. The engine refuses a stream with a name that no entity can have, and
 * all tabs share the stream.
 */
export function watchedEntityOfPath(pathname: string): string | null {
  return entityNameSchema.safeParse(entityOfPath(pathname)).data ?? null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
