import { createSignInDesk } from '../../access/sign-in.ts';
import { readEnvironment } from '../../env.ts';

export const dynamic = 'force-dynamic';

const desk = createSignInDesk(Date.now);

export function GET(request: Request): Response {
  return desk.show(request, readEnvironment());
}

export function POST(request: Request): Promise<Response> {
  return desk.signIn(request, readEnvironment());
}
