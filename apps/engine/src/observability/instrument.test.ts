import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createInstrument } from './instrument.ts';

test('a name that ends in _total is a counter and any other a gauge; both show the value that was set last, or nothing', async () => {
  const registry = new Registry();
  const read = createInstrument({ name: 'read_total', help: 'Read.', registry });
  const size = createInstrument({ name: 'size_bytes', help: 'Size.', registry, labelNames: ['entity'] });
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'));
  expect(await lines()).toEqual(['# TYPE read_total counter', 'read_total 0', '# TYPE size_bytes gauge']);
  for (const value of [5, 3]) {
    read.set(value);
    size.set(value, { entity: 'orders' });
    size.set(-value, { entity: 'items' });
  }
  expect(await lines()).toEqual([
    '# TYPE read_total counter',
    'read_total 3',
    '# TYPE size_bytes gauge',
    'size_bytes{entity="orders"} 3',
    'size_bytes{entity="items"} -3',
  ]);
  read.clear();
  size.clear();
  expect(await lines()).toEqual(['# TYPE read_total counter', '# TYPE size_bytes gauge']);
});
