/**
 * All column paths of a shape as one tree, so that one pass over a document finds every column. Names are compared as
 * bytes, so the names of unused fields are never decoded.
 */

export interface PathNode {
  readonly name: Buffer;
  /** The name as an array index, or -1 if it is not a number. */
  readonly index: number;
  /** Columns whose path ends at this node. */
  readonly columns: readonly number[];
  /** Columns whose path ends below this node. */
  readonly columnsBelow: readonly number[];
  readonly children: readonly PathNode[];
}

interface Remaining {
  readonly column: number;
  readonly segments: readonly string[];
}

/** `paths[i]` is the path of column i. */
export function buildPathTree(paths: readonly (readonly string[])[]): PathNode {
  return buildNode(
    '',
    paths.map((segments, column) => ({ column, segments })),
  );
}

function buildNode(name: string, all: readonly Remaining[]): PathNode {
  const going = all.filter(({ segments }) => segments.length > 0);
  const byName = Map.groupBy(going, ({ segments }) => segments[0] ?? '');
  return {
    name: Buffer.from(name, 'utf8'),
    index: /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : -1,
    columns: all.filter(({ segments }) => segments.length === 0).map(({ column }) => column),
    columnsBelow: going.map(({ column }) => column),
    children: [...byName].map(([childName, members]) =>
      buildNode(
        childName,
        members.map(({ column, segments }) => ({ column, segments: segments.slice(1) })),
      ),
    ),
  };
}

/** The child with this name, or null. A hot path: called for every field of every document. */
export function childNamed(node: PathNode, bytes: Buffer, field: FieldName): PathNode | null {
  const length = field.nameEnd - field.nameStart;
  for (const child of node.children) {
    if (child.name.length === length && startsWith(bytes, field.nameStart, child.name)) return child;
  }
  return null;
}

interface FieldName {
  readonly nameStart: number;
  readonly nameEnd: number;
}

function startsWith(bytes: Buffer, start: number, name: Buffer): boolean {
  for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name[at]) return false;
  return true;
}
