import { expect, test } from 'vitest';
import { toConnectRefusal } from './connect-refusal.ts';
import { createMongoClient } from './mongo-client.ts';

const client = createMongoClient({ url: 'mongodb://127.0.0.1:1/' });

function nameServerSaid(code: string): unknown {
  const name = '_mongodb._tcp.cluster0.example.invalid';
  return toConnectRefusal(
    Object.assign(new Error(`querySrv ${code} ${name}`), { code, syscall: 'querySrv' }),
    client,
    new Map(),
  );
}

test('a mongodb+srv name that does not exist is a wrong MONGO_URL; a name server that does not answer is waited for', () => {
  for (const code of ['ENOTFOUND', 'ENODATA'])
    expect(nameServerSaid(code)).toMatchObject({
      code: 'EMC-1001',
      detail: expect.stringMatching(/^MONGO_URL: .*cluster0\.example\.invalid/),
    });
  for (const code of ['ETIMEOUT', 'ESERVFAIL', 'ECONNREFUSED'])
    expect(nameServerSaid(code)).toMatchObject({ code: 'EMC-2001', detail: expect.stringContaining('MONGO_URL') });
});
