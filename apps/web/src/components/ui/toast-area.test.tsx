// @vitest-environment jsdom
import { act, screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { openConsole, pass } from '../../../test/open-console.tsx';
import { useShowToast } from './toast-area.tsx';
import type { Toast } from './toast-list.ts';

function Shower({ toasts }: { readonly toasts: readonly Toast[] }) {
  const show = useShowToast();
  return toasts.map((toast) => (
    <button key={`${toast.id} ${toast.title}`} type="button" onClick={() => show(toast)}>
      {`Show ${toast.title}`}
    </button>
  ));
}

const busy: Toast = { id: 'job', tone: 'busy', title: 'Refreshing' };
const done: Toast = {
  id: 'job',
  tone: 'ok',
  title: 'Refreshed',
  description: '12 rows',
  link: { href: '/jobs', words: 'Show job' },
};
const other: Toast = { id: 'other', tone: 'bad', title: 'Failed' };

const area = () => screen.getByRole('region', { name: 'Messages' });
const show = (title: string) => act(() => screen.getByRole('button', { name: `Show ${title}` }).click());

test('a toast is announced politely, with its description and link', () => {
  openConsole(<Shower toasts={[done]} />);
  show('Refreshed');
  expect(area().getAttribute('aria-live')).toBe('polite');
  expect(within(area()).getByText('12 rows')).toBeInstanceOf(HTMLElement);
  expect(within(area()).getByRole('link', { name: 'Show job' }).getAttribute('href')).toBe('/jobs');
});

test('the outcome replaces the toast of the running job', () => {
  openConsole(<Shower toasts={[busy, done]} />);
  show('Refreshing');
  show('Refreshed');
  expect(within(area()).queryByText('Refreshing')).toBeNull();
  expect(within(area()).getByText('Refreshed')).toBeInstanceOf(HTMLElement);
});

test('an outcome disappears after ten seconds; a running job stays', async () => {
  openConsole(<Shower toasts={[busy, other]} />, { hasFakeTimers: true });
  show('Refreshing');
  show('Failed');
  await pass(9_900);
  expect(within(area()).getByText('Failed')).toBeInstanceOf(HTMLElement);
  await pass(200);
  expect(within(area()).queryByText('Failed')).toBeNull();
  await pass(60_000);
  expect(within(area()).getByText('Refreshing')).toBeInstanceOf(HTMLElement);
});

test('dismissing one toast leaves the others', async () => {
  const { user } = openConsole(<Shower toasts={[busy, other]} />);
  show('Refreshing');
  show('Failed');
  const [first] = within(area()).getAllByRole('button', { name: 'Dismiss' });
  await user.click(first ?? area());
  expect(within(area()).queryByText('Refreshing')).toBeNull();
  expect(within(area()).getByText('Failed')).toBeInstanceOf(HTMLElement);
});
