import { reachEngine } from '../../../engine/engine-reach.ts';
import { readEnvironment } from '../../../env.ts';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  const reach = await reachEngine({ environment: readEnvironment(), fetch: globalThis.fetch });
  return Response.json(reach, { headers: { 'cache-control': 'no-store' } });
}
