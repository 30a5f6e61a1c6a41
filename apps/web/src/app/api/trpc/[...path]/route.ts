import { passToEngine } from '../../../../engine/engine-gateway.ts';
import { readEnvironment } from '../../../../env.ts';

export const dynamic = 'force-dynamic';

interface RouteContext {
  readonly params: Promise<{ readonly path: string[] }>;
}

async function handle(request: Request, context: RouteContext): Promise<Response> {
  const { path } = await context.params;
  const procedure = path.map(encodeURIComponent).join('/');
  return passToEngine({ request, procedure, environment: readEnvironment(), fetch: globalThis.fetch });
}

export { handle as GET, handle as POST };
