import { defineConfig } from 'prisma/config';

// Read by the Prisma CLI. The engine applies the migrations itself on startup; `prisma migrate deploy` may be used instead.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
