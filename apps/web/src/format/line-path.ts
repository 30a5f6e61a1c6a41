interface Frame {
  readonly width: number;
  readonly height: number;
  /** Free space above and below, so that a thick line is not clipped. */
  readonly padding: number;
  /** The value at the top of the frame. Default: the largest point. */
  readonly max?: number;
}

/** An SVG path through evenly spaced points, with zero at the bottom. Fewer than two points give a flat line. */
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

/** The top of an axis: a round number (a small factor times a power of ten) at or above the largest point. */
export function axisTop(points: readonly number[]): number {
  const max = Math.max(1, ...points);
  const power = 10 ** Math.floor(Math.log10(max));
  return axisFactors.map((factor) => factor * power).find((top) => top >= max) ?? max;
}
