/** Items that are sorted or merged in one step. */
const stepItems = 2_000;

/**
 * A stable merge sort in steps of about a millisecond: it yields null between two steps and returns the sorted items. One call
 * of `Array.prototype.sort` over a large result would keep every other client waiting.
 */
export function* sortSteps<Item>(
  items: readonly Item[],
  compare: (left: Item, right: Item) => number,
): Generator<null, Item[]> {
  let runs: Item[][] = [];
  for (let start = 0; start < items.length; start += stepItems) {
    runs.push(items.slice(start, start + stepItems).sort(compare));
    yield null;
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(yield* mergeSteps(runs[index] ?? [], runs[index + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergeSteps<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (left: Item, right: Item) => number,
): Generator<null, Item[]> {
  const merged: Item[] = [];
  let [fromLeft, fromRight] = [0, 0];
  // The lengths are checked before an index is used, so no item is undefined.
  const isLeftNext = (): boolean =>
    fromRight === right.length ||
    (fromLeft < left.length && compare(left[fromLeft] as Item, right[fromRight] as Item) <= 0);
  while (fromLeft < left.length || fromRight < right.length) {
    if (isLeftNext()) {
      merged.push(left[fromLeft] as Item);
      fromLeft += 1;
    } else {
      merged.push(right[fromRight] as Item);
      fromRight += 1;
    }
    if (merged.length % stepItems === 0) yield null;
  }
  return merged;
}
