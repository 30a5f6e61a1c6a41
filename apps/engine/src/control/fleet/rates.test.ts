import { expect, test } from 'vitest';
import { createRates, historyPoints } from './rates.ts';

function observed(totals: readonly number[], stepMs = 1_000) {
  const rates = createRates();
  for (const [index, total] of totals.entries()) rates.observe('orders', total, 100_000 + index * stepMs);
  return rates;
}

test('the rate is unknown, not 0, after one sample', () => {
  expect(observed([5]).perSecond('orders')).toBeNull();
  expect(createRates().perSecond('orders')).toBeNull();
});

test('the rate is the growth over the last ten seconds', () => {
  expect(observed([0, 100, 200]).perSecond('orders')).toBe(100);
  const burstThenQuiet = [0, ...Array.from({ length: 12 }, () => 1_000)];
  expect(observed(burstThenQuiet).perSecond('orders')).toBe(0);
});

test('a counter reset does not give a negative rate', () => {
  expect(observed([1_000, 1_100, 3, 13]).perSecond('orders')).toBe(10);
});

test('the history has 60 points, oldest first, in changes per second', () => {
  const history = observed(Array.from({ length: 20 }, (_, index) => index * 10)).history('orders');
  expect(history).toHaveLength(historyPoints);
  expect(history.slice(-3)).toEqual([10, 10, 10]);
  expect(history[0]).toBe(0);
});

test('memory is bounded: an hour of samples keeps ten seconds and 60 points, and unobserved keys are dropped', () => {
  const rates = observed(Array.from({ length: 3_600 }, (_, index) => index));
  expect(rates.history('orders')).toHaveLength(historyPoints);
  rates.forgetSilent();
  rates.forgetSilent();
  expect(rates.perSecond('orders')).toBeNull();
});
