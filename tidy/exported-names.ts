import path from 'node:path';
import ts from 'typescript';
import { read, repositoryFiles } from './repository.ts';

/** A function or type that other packages can import. */
export interface ExportedName {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly isDocumented: boolean;
}

/** The exported functions, classes and types of each file that a package's `exports` map opens. */
export function exportedNames(): readonly ExportedName[] {
  const manifests = repositoryFiles().filter((file) => /^packages\/[^/]+\/package\.json$/.test(file));
  return manifests.flatMap(openFiles).flatMap(namesOf);
}

/** `"./*": "./src/*.ts"` opens every source file, `".": "./src/mongo-server.ts"` one. Tests and fixtures are not counted. */
function openFiles(manifest: string): readonly string[] {
  const folder = path.posix.dirname(manifest);
  const targets = Object.values((JSON.parse(read(manifest)) as { exports?: Record<string, string> }).exports ?? {});
  const patterns = targets.map((target) => path.posix.join(folder, target).replace('*', '**/*'));
  return repositoryFiles().filter(
    (file) =>
      !/(\.test|[/-]testing|-testing-setup|testing-setup)\.ts$/.test(file) &&
      patterns.some((pattern) => path.posix.matchesGlob(file, pattern)),
  );
}

function namesOf(file: string): readonly ExportedName[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const names: ExportedName[] = [];
  for (const statement of source.statements) {
    const name = isExported(statement) ? functionOrTypeName(statement) : null;
    if (name === null) continue;
    const line = source.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    names.push({ file, line, name, isDocumented: ts.getJSDocCommentsAndTags(statement).length > 0 });
  }
  return names;
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

/** Null for what is neither a function nor a type, for example a constant. */
function functionOrTypeName(statement: ts.Statement): string | null {
  if (ts.isVariableStatement(statement)) return functionVariableName(statement);
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed ? (statement.name?.text ?? 'default') : null;
}

function functionVariableName({ declarationList }: ts.VariableStatement): string | null {
  const [declaration] = declarationList.declarations;
  const value = declaration?.initializer;
  if (declaration === undefined || value === undefined) return null;
  return ts.isArrowFunction(value) || ts.isFunctionExpression(value) ? declaration.name.getText() : null;
}
