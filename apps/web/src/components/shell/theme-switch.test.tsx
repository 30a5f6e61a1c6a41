// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

const html = document.documentElement;

afterEach(() => {
  delete html.dataset['theme'];
  // biome-ignore lint/suspicious/noDocumentCookie: the component writes it the same way.
  document.cookie = 'emcachers-theme=; max-age=0; path=/';
});

const option = (name: string) => screen.getByRole<HTMLInputElement>('radio', { name });

test('the stored theme is selected when the page opens', () => {
  openConsole(<ThemeSwitch initial="dark" />);
  expect([option('Use system theme').checked, option('Light').checked, option('Dark').checked]).toEqual([
    false,
    false,
    true,
  ]);
});

test('choosing a theme applies it immediately and stores it for the next page', async () => {
  const { user } = openConsole(<ThemeSwitch initial="system" />);
  await user.click(option('Dark'));
  expect(html.dataset['theme']).toBe('dark');
  expect(document.cookie).toContain('emcachers-theme=dark');
});

test('the system theme removes the override', async () => {
  html.dataset['theme'] = 'light';
  const { user } = openConsole(<ThemeSwitch initial="light" />);
  await user.click(option('Use system theme'));
  expect(html.dataset['theme']).toBeUndefined();
  expect(document.cookie).toContain('emcachers-theme=system');
});

test('the arrow keys move through the themes', async () => {
  const { user } = openConsole(<ThemeSwitch initial="light" />);
  await user.tab();
  expect(document.activeElement).toBe(option('Light'));
  await user.keyboard('{ArrowRight}');
  expect(html.dataset['theme']).toBe('dark');
});
