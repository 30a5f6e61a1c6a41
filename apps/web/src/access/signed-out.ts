/**
 * Sessions that were ended by *Sign out* and whose time is not over: a copy of the cookie is worth nothing. Next.js loads each route, and the
 * proxy, with modules of its own, so the list is kept at the process's global object. It ends with the process; a session that was ended
 * before is then accepted again until its time is over.
 */
export interface SignedOut {
  readonly add: (sessionId: string, expiresAtMs: number) => void;
  readonly has: (sessionId: string) => boolean;
}

const place = Symbol.for('emcachers.console.signed-out');
/** Each costs about 100 bytes. The oldest are forgotten above this number. */
const sessionsMax = 10_000;

export function signedOutSessions(nowMs: number): SignedOut {
  const sessions = sharedSessions();
  return {
    add: (sessionId, expiresAtMs) => {
      for (const [id, endMs] of sessions)
        if (Number(endMs) <= nowMs || sessions.size >= sessionsMax) sessions.delete(id);
      sessions.set(sessionId, expiresAtMs);
    },
    has: (sessionId) => sessions.has(sessionId),
  };
}

function sharedSessions(): Map<unknown, unknown> {
  const known: unknown = Reflect.get(globalThis, place);
  if (known instanceof Map) return known;
  const created = new Map<unknown, unknown>();
  Reflect.set(globalThis, place, created);
  return created;
}
