import { endSession } from '../../access/session.ts';
import { readEnvironment } from '../../env.ts';

export const dynamic = 'force-dynamic';

export function POST(request: Request): Response {
  const cookie = endSession(readEnvironment(), request.headers.get('cookie'), Date.now());
  return new Response(null, { status: 303, headers: { location: '/sign-in', 'set-cookie': cookie } });
}
