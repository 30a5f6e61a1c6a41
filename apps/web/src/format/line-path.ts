interface Frame {
  readonly width: number;
  readonly height: number;
  /** Kept free above and below, so that a thick line is not cut. */
  readonly padding: number;
  /** The value at the top of the frame; the largest point where it is left out. */
  readonly max?: number;
}

/** An SVG path through evenly spaced points, zero at the bottom. Fewer than two points are a flat line. */
export function linePath(points: readonly number[], frame: Frame): string {
  const drawn = points.length >= 2 ? points : [points[0] ?? 0, points[0] ?? 0];
  const max = Math.max(frame.max ?? 0, ...drawn);
  const room = frame.height - 2 * frame.padding;
  const stepX = frame.width / (drawn.length - 1);
  const place = (value: number) => frame.height - frame.padding - (max > 0 ? Math.max(0, value) / max : 0) * room;
  return `M${drawn.map((value, index) => `${round(index * stepX)} ${round(place(value))}`).join('L')}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const axisFactors = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** A round number at or above the largest point, for the top of an axis: a small number times a power of ten. */
export function axisTop(points: readonly number[]): number {
  const max = Math.max(1, ...points);
  const power = 10 ** Math.floor(Math.log10(max));
  return axisFactors.map((factor) => factor * power).find((top) => top >= max) ?? max;
}
