import { expect, test } from 'vitest';
import { FailPoints } from './fail-points.ts';

const call = { command: 'find', applicationName: 'app', namespace: 'shop.items' };

function armed(command: Readonly<Record<string, unknown>>): FailPoints {
  const points = new FailPoints();
  points.configure({ configureFailPoint: 'failCommand', data: { failCommands: ['find'], errorCode: 2 }, ...command });
  return points;
}

function hits(points: FailPoints, count: number): boolean[] {
  return Array.from({ length: count }, () => points.hit(call) !== null);
}

// Source: src/mongo/util/fail_point.h of mongodb/mongo, "mode".
test('fires as its mode says', () => {
  expect(hits(armed({ mode: 'alwaysOn' }), 3)).toEqual([true, true, true]);
  expect(hits(armed({ mode: { times: 2 } }), 3)).toEqual([true, true, false]);
  expect(hits(armed({ mode: { skip: 2 } }), 4)).toEqual([false, false, true, true]);
  expect(hits(armed({ mode: 'off' }), 2)).toEqual([false, false]);
  expect(() => armed({ mode: 'sometimes' })).toThrow(/unknown mode/);
});

test('concerns the commands, the application and the collection that it names', () => {
  const points = armed({ mode: 'alwaysOn', data: { failCommands: ['find'], appName: 'app', namespace: 'shop.items' } });
  expect(points.hit(call)).not.toBeNull();
  expect(points.hit({ ...call, command: 'insert' })).toBeNull();
  expect(points.hit({ ...call, applicationName: null })).toBeNull();
  expect(points.hit({ ...call, namespace: 'shop.others' })).toBeNull();
});

test('is unknown by any other name', () => {
  expect(() => new FailPoints().configure({ configureFailPoint: 'unheardOf', mode: 'off' })).toThrow(/not found/);
});
