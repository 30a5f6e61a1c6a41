import { defineConfig } from 'prisma/config';

// Used by the Prisma CLI. The engine applies migrations on startup; `prisma migrate deploy` can be used instead.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
