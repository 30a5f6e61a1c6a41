export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const themeCookie = 'emcachers-theme';
const yearSeconds = 31_536_000;

/** The stored theme; any other value means the system theme. */
export function themeOf(stored: string | undefined): Theme {
  return themes.find((theme) => theme === stored) ?? 'system';
}

/** Applies the theme and stores it in a cookie, so that the server renders the next page with it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in all browsers.
  document.cookie = `${themeCookie}=${theme}; path=/; max-age=${yearSeconds}; samesite=lax`;
}
