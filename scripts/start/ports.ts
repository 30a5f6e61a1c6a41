import { createServer } from 'node:net';
import { StartError } from './settings.ts';

/** Fails before anything is started if a port is in use, and names the variable that sets it. */
export async function requireFreePort(host: string, port: number, variable: string): Promise<void> {
  const problem = await bindProblem(host, port);
  if (problem === null) return;
  if (problem === 'EADDRINUSE') {
    throw new StartError(
      `EMC-1002: port ${port} is in use by another program.\nStop that program (it may be another EMCachers), or set ${variable} to a free port.`,
    );
  }
  throw new StartError(
    `EMC-1002: port ${port} on ${host} cannot be used (${problem}). Set ${variable} to another port.`,
  );
}

function bindProblem(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}
