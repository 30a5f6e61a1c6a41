import { describe, expect, test } from 'vitest';
import { nextToasts, type Toast, toastsMax } from './toast-list.ts';

const toast = (id: string, title = id): Toast => ({ id, title, tone: 'busy' });

describe('toasts', () => {
  test('a toast replaces the one with the same id', () => {
    const before = [toast('a'), toast('b')];
    const after = nextToasts(before, { kind: 'show', toast: toast('a', 'done') });
    expect(after.map(({ title }) => title)).toEqual(['done', 'b']);
  });

  test('the oldest toast is dropped', () => {
    let toasts: readonly Toast[] = [];
    for (const id of ['a', 'b', 'c', 'd']) toasts = nextToasts(toasts, { kind: 'show', toast: toast(id) });
    expect(toasts.map(({ id }) => id)).toEqual(['b', 'c', 'd']);
    expect(toasts).toHaveLength(toastsMax);
  });

  test('closing a toast leaves the others', () => {
    expect(nextToasts([toast('a'), toast('b')], { kind: 'close', id: 'a' }).map(({ id }) => id)).toEqual(['b']);
  });
});
