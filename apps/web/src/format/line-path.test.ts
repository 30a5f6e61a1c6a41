import { describe, expect, test } from 'vitest';
import { axisTop, linePath } from './line-path.ts';

const frame = { width: 10, height: 10, padding: 0 };

describe('lines', () => {
  test('run from left to right with zero at the bottom and the largest value at the top', () => {
    expect(linePath([0, 5, 10], frame)).toBe('M0 10L5 5L10 0');
  });

  test('no change at all is a flat line at the bottom', () => {
    expect(linePath([0, 0], frame)).toBe('M0 10L10 10');
    expect(linePath([], frame)).toBe('M0 10L10 10');
  });

  test('keep to the axis that is given', () => {
    expect(linePath([5, 5], { ...frame, max: 10 })).toBe('M0 5L10 5');
  });

  test.each([
    [[], 1],
    [[0.2], 1],
    [[3.2], 4],
    [[10], 10],
    [[1_240], 1_500],
  ])('the axis over %j ends at %i', (points, top) => {
    expect(axisTop(points)).toBe(top);
  });
});
