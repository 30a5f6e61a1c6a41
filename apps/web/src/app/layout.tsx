import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { preload } from 'react-dom';
import { Providers } from '../components/providers.tsx';
import { Shell } from '../components/shell/shell.tsx';
import { themeCookie, themeOf } from '../components/shell/theme.ts';
import { readEnvironment } from '../env.ts';
import { readInitialData } from '../trpc/initial-data.ts';
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
  const initialData = await readInitialData(readEnvironment());
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme}>
      <body>
        <Providers renderedAtMs={Date.now()} initialData={initialData}>
          <Shell theme={theme}>{children}</Shell>
        </Providers>
      </body>
    </html>
  );
}
