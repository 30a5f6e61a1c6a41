import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/**
 * The embedded server's suite takes minutes and depends on few files outside its package. `npm test` therefore skips it
 * if it has already passed with the same files. The stamp is a hash of these files. It is stored in node_modules, so a
 * fresh clone has none and runs the suite.
 */
export interface SuiteStamp {
  /** True if the suite has passed on this machine with exactly these files. */
  isCurrent(): boolean;
  /** Call it only after the whole suite passed. Records the files as they were when the stamp was created. */
  write(): void;
}

/** Installed packages that the suite depends on. Their versions are part of the hash. */
const dependencies = ['bson', 'mongodb', 'better-sqlite3', 'vitest', 'node'];
/** Environment variables that select another server or additional test files. */
const variables = ['MONGO_CONTRACT_URL', 'EMCACHERS_SPEC_DIR', 'EMCACHERS_SPEC_FOLDERS'];

export function createSuiteStamp(root: string): SuiteStamp {
  const file = path.join(root, 'node_modules', '.cache', 'emcachers', 'mongo-embedded-suite');
  const hash = hashSuite(root);
  return {
    isCurrent: () => existsSync(file) && readFileSync(file, 'utf8') === hash,
    write() {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, hash);
    },
  };
}

function hashSuite(root: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of variables) hash.update(`\n${name}=${process.env[name] ?? ''}`);
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  for (const name of dependencies) hash.update(`\n${name}@${lock.packages[`node_modules/${name}`]?.version ?? ''}`);
  const files = globSync('packages/{mongo-embedded,bson}/**', {
    cwd: root,
    exclude: (name) => /(^|[\\/])(node_modules|\.turbo|coverage)$/.test(name),
  });
  for (const name of files.sort()) {
    const place = path.join(root, name);
    if (statSync(place).isFile()) hash.update(`\n${name}\n`).update(readFileSync(place));
  }
  return hash.digest('hex');
}
