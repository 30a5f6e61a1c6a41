import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { read, repositoryFiles, root } from './repository.ts';

const pages = (): readonly string[] => repositoryFiles().filter((file) => file.endsWith('.md'));

test('every relative link in a Markdown file resolves', () => {
  const dead = pages().flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => !existsSync(path.join(root, path.dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  );
  expect(dead).toEqual([]);
});

test('every setting is in .env.example and in docs/settings.md, and the README names only settings', () => {
  const variables = [...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '');
  const required = [
    'MONGO_URL',
    'DATABASE_URL',
    'EMCACHERS_DATA_DIR',
    'EMCACHERS_ROLES',
    'EMCACHERS_NODE_ID',
    'ENGINE_HOST',
    'ENGINE_PORT',
    'CONSOLE_PORT',
    'EMCACHERS_MONGO_PORT',
    'EMCACHERS_POSTGRES_PORT',
    'EMCACHERS_DEMO',
    'EMCACHERS_TOKEN',
    'LOG_LEVEL',
    'MONGOD_BINARY',
  ];
  const page = read('docs/settings.md');
  const readme = [...read('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name ?? '');
  expect({
    notInExample: required.filter((name) => !variables.includes(name)),
    notInPage: variables.filter((name) => !page.includes(`\`${name}\``)),
    onlyInReadme: readme.filter((name) => !variables.includes(name)),
  }).toEqual({ notInExample: [], notInPage: [], onlyInReadme: [] });
});

test('the two commands are the first thing in the README', () => {
  const top = read('README.md').split('\n').slice(0, 30).join('\n');
  expect(top).toContain('npm start');
  expect(top).toContain('npm test');
});
