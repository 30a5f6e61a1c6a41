/**
 * Writes the package as it is published: one bundle with the parts of `core` and `bson` that it uses, its types, the command, the
 * README and a manifest without dependencies. `npm pack` in the directory then makes the tarball.
 * `node packages/client/scripts/build-package.ts [<directory>]`; the default is packages/client/dist.
 */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { rolldown } from 'rolldown';
import ts from 'typescript';

const folder = join(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(folder, 'dist'));

rmSync(out, { recursive: true, force: true });
await bundle();
declareTypes();
writeManifest();
copyFileSync(join(folder, 'README.md'), join(out, 'README.md'));
copyFileSync(join(folder, '../../LICENSE'), join(out, 'LICENSE'));

async function bundle(): Promise<void> {
  const entries = ['client', 'emcachers-types'].map((name) => [name, join(folder, `src/${name}.ts`)]);
  await using build = await rolldown({ input: Object.fromEntries(entries), platform: 'node', external: /^node:/ });
  await build.write({ dir: out, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' });
}

/** The public types refer to no other package. */
function declareTypes(): void {
  const { config } = ts.readConfigFile(join(folder, '../../tsconfig.base.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const program = ts.createProgram([join(folder, 'src/client.ts')], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(folder, '../..'),
    outDir: join(out, 'types'),
  });
  const isPublic = (file: string): boolean =>
    ['client', 'cache', 'open-cache', 'attach-caches', 'doc-id-of'].some((name) =>
      file.endsWith(`client/src/${name}.d.ts`),
    );
  const { emitSkipped } = program.emit(undefined, (file, text) => {
    const published = text.replaceAll(/'(\.\/[\w-]+)\.ts'/g, "'$1.js'");
    if (isPublic(file)) writeFileSync(join(out, basename(file)), published);
  });
  if (emitSkipped) throw new Error('The types could not be written.');
}

function writeManifest(): void {
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { private: _private, scripts: _scripts, devDependencies: _development, ...published } = manifest;
  const exports = { '.': { types: './client.d.ts', default: './client.js' } };
  const bin = { 'emcachers-types': './emcachers-types.js' };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify({ ...published, exports, bin }, null, 2)}\n`);
}
