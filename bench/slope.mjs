// A straight line through what was measured.

/**
 * The slope of the line that fits points best, and twice its standard error: what a chance as large as 1 in 20 may add to it.
 *
 * @param spread how far one point may be off by chance, as a standard deviation: a few points cannot tell
 */
export function slopeOf(points, spread) {
  const [meanX, meanY] = [0, 1].map((axis) => sum(points.map((point) => point[axis])) / points.length);
  const width = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / width;
  return { slope, error: (2 * spread) / Math.sqrt(width) };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
