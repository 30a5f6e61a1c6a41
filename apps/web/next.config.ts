import { join } from 'node:path';
import type { NextConfig } from 'next';

const repository = join(import.meta.dirname, '../..');

/** Sent with every page: the console is never framed, never sniffed and loads nothing from elsewhere. */
const securityHeaders = [
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Referrer-Policy', value: 'same-origin' },
];

const config: NextConfig = {
  turbopack: { root: repository },
  transpilePackages: ['@emcachers/core'],
  poweredByHeader: false,
  devIndicators: false,
  // `npm run check` runs tsc over this folder with the same settings; a second run here would double the time of the
  // first `npm start`.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
};

export default config;
