// A straight line through what was measured.

/** The slope of the line that fits points best, and twice its standard error: what a chance as large as 1 in 20 may add to it. */
export function slopeOf(points) {
  const [meanX, meanY] = [0, 1].map((axis) => sum(points.map((point) => point[axis])) / points.length);
  const spread = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const rest = sum(points.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2));
  return { slope, error: 2 * Math.sqrt(rest / Math.max(1, points.length - 2) / spread) };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
