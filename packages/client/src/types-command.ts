/** The command `emcachers-types`: writes row types of entities as a TypeScript module. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { rowTypes, type TypedEntity } from './row-types.ts';
import { entitiesOfEngine, entitiesOfFiles } from './type-sources.ts';

export const typesUsage = `usage: emcachers-types (--engine <url> [--token <token>] | --data-dir <directory>) [--out <file>] [<entity> …]

  --engine    the shapes of a running engine; tells Number from Any and Bool from Integer
  --token     the engine's EMCACHERS_TOKEN, if it needs one
  --data-dir  the tables of the published caches in an engine's data directory
  --out       the file to write; without it, the types are printed
  <entity>    only these entities
`;

interface Arguments {
  readonly engine?: string | undefined;
  readonly token?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly out?: string | undefined;
  readonly names: readonly string[];
}

/** Returns what to print. Throws an Error with the usage if the arguments do not fit. */
export async function typesCommand(words: readonly string[]): Promise<string> {
  const given = parse(words);
  const entities = chosen(await sourceOf(given), given.names);
  const text = rowTypes(entities);
  if (given.out === undefined) return text;
  writeFileSync(given.out, text);
  return `${given.out}: types of ${entities.map(({ entity }) => entity).join(', ')}\n`;
}

function parse(words: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const options = { engine: text, token: text, 'data-dir': text, out: text };
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    return { ...values, dataDir: values['data-dir'], names: positionals };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${typesUsage}`, { cause: error });
  }
}

async function sourceOf({ engine, token, dataDir, names }: Arguments): Promise<TypedEntity[]> {
  if ((engine === undefined) === (dataDir === undefined)) throw new Error(typesUsage);
  if (engine !== undefined) return entitiesOfEngine({ url: engine, token });
  return entitiesOfFiles(dataDir ?? '', names);
}

function chosen(entities: readonly TypedEntity[], names: readonly string[]): readonly TypedEntity[] {
  const unknown = names.filter((name) => !entities.some(({ entity }) => entity === name));
  if (unknown.length > 0) throw new Error(`There is no entity ${unknown.join(', ')}.`);
  return names.length === 0 ? entities : entities.filter(({ entity }) => names.includes(entity));
}
