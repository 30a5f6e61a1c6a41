import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { preload } from 'react-dom';
import { isSignedIn } from '../access/session.ts';
import { Providers } from '../components/providers.tsx';
import { Shell } from '../components/shell/shell.tsx';
import { themeCookie, themeOf } from '../components/shell/theme.ts';
import { readEnvironment } from '../env.ts';
import { emptyData, readInitialData } from '../trpc/initial-data.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'EMCachers', template: '%s · EMCachers' },
  description: 'State and management of local copies of MongoDB collections that applications query with SQL.',
};

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#ffffff' },
    { media: '(prefers-color-scheme: dark)', color: '#1a1b1a' },
  ],
};

const fonts = [
  new URL('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2', import.meta.url),
  new URL('@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2', import.meta.url),
];

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  for (const font of fonts) preload(font.pathname, { as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' });
  const theme = themeOf((await cookies()).get(themeCookie)?.value);
  const environment = readEnvironment();
  // The proxy has asked for the sign-in already; data must not depend on that alone.
  const isIn = isSignedIn(environment, (await headers()).get('cookie'), Date.now());
  const initialData = isIn ? await readInitialData(environment) : emptyData();
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme}>
      <body>
        <Providers renderedAtMs={Date.now()} initialData={initialData}>
          <Shell theme={theme} canSignOut={environment.token !== null}>
            {children}
          </Shell>
        </Providers>
      </body>
    </html>
  );
}
