import type { FastifyInstance } from 'fastify';

/** The methods of a path, empty if no route has the path. */
export type AllowedMethods = (path: string) => readonly string[];

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** A tRPC path takes a GET for a query and a POST for a mutation; the plugin registers it for all methods. */
const trpcMethods = ['GET', 'POST'];

/** Records the routes that are registered from now on: Fastify answers 404 for a path whose method has no route. */
export function recordMethods(app: FastifyInstance): AllowedMethods {
  const paths = new Map<string, KnownPath>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    paths.set(url, known);
    const methods = url.startsWith('/trpc/') ? trpcMethods : [method].flat();
    for (const each of methods) known.methods.add(each);
  });
  return (path) => {
    const fitting = [...paths.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(fitting.flatMap(({ methods }) => [...methods]))].toSorted();
  };
}

/** `/api/v1/jobs/:jobId` as a regular expression; a parameter may be empty. Our paths contain no character that is special in one. */
function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]*')}$`);
}
