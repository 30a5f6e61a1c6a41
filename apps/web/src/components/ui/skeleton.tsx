/** A placeholder with the width of the value that is loading. */
export function Skeleton({ width, height = '1em' }: { readonly width: string; readonly height?: string }) {
  return (
    <span
      aria-hidden
      className="skeleton inline-block max-w-full rounded-[4px] bg-line align-middle"
      style={{ width, height }}
    />
  );
}
