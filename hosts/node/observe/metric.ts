/** Values of a metric's labels, in the order of their names. */
type LabelValues = readonly string[];

/** One metric: what it is, and how it reads now. */
export interface Metric {
  /** As the text format of Prometheus has it, with HELP and TYPE and a line feed at the end. */
  text(): string;
}

/** What describes a metric. */
export interface MetricOptions {
  /** With its unit; of counters with `_total`. */
  name: string;
  help: string;
  /** Default: none. */
  labels?: readonly string[];
}

/** A metric that only grows. */
export interface Counter extends Metric {
  add(labels: LabelValues, by?: number): void;
}

/** A metric of how often something took how long. */
export interface Histogram extends Metric {
  observe(labels: LabelValues, value: number): void;
}

/** What one metric may have of series: beyond, new ones count as the one whose labels are all {@link OTHER}. */
const MAX_SERIES = 2000;
/** Stands for every name that is not known beforehand. */
export const OTHER = "other";

/** A counter at 0. */
export function createCounter(options: MetricOptions): Counter {
  const series = createSeries(options, () => ({ value: 0 }));
  return {
    add(labels, by = 1) {
      series.of(labels).value += by;
    },
    text: () =>
      head(options, "counter") +
      series.map(({ value }, labels) => sample(options.name, labels, value)).join(""),
  };
}

/** A histogram with these upper bounds, in ascending order, and one without. */
export function createHistogram(options: MetricOptions & { bounds: readonly number[] }): Histogram {
  const { name, bounds } = options;
  const series = createSeries(options, () => ({
    counts: bounds.map(() => 0),
    count: 0,
    sum: 0,
  }));
  return {
    observe(labels, value) {
      const one = series.of(labels);
      const at = bounds.findIndex((bound) => value <= bound);
      if (at !== -1) one.counts[at]!++;
      one.count++;
      one.sum += value;
    },
    text: () =>
      head(options, "histogram") +
      series
        .map(({ counts, count, sum }, labels) => {
          let below = 0;
          const buckets = bounds.map((bound, i) =>
            sample(`${name}_bucket`, [...labels, ["le", String(bound)]], (below += counts[i]!)),
          );
          return [
            ...buckets,
            sample(`${name}_bucket`, [...labels, ["le", "+Inf"]], count),
            sample(`${name}_sum`, labels, sum),
            sample(`${name}_count`, labels, count),
          ].join("");
        })
        .join(""),
  };
}

/** A value that is asked for when it is read; `read` gives each with the values of its labels. */
export function createGauge(
  options: MetricOptions & { type?: "gauge" | "counter" },
  read: () => readonly (readonly [labels: LabelValues, value: number])[],
): Metric {
  const { name, labels = [], type = "gauge" } = options;
  return {
    text: () =>
      head(options, type) +
      read()
        .map(([values, value]) => sample(name, pairs(labels, values), value))
        .join(""),
  };
}

type Labels = readonly (readonly [name: string, value: string])[];

function pairs(names: readonly string[], values: LabelValues): Labels {
  return names.map((name, i) => [name, values[i]!]);
}

function createSeries<T>(
  { labels: names = [] }: MetricOptions,
  create: () => T,
): { of(labels: LabelValues): T; map<R>(each: (value: T, labels: Labels) => R): R[] } {
  const all = new Map<string, { value: T; labels: Labels }>();
  // What has no labels is there from the start, so that it is 0 and not missing.
  if (names.length === 0) all.set("", { value: create(), labels: [] });
  return {
    of(values) {
      const known = all.get(values.join("\0"));
      if (known) return known.value;
      const bounded = all.size < MAX_SERIES - 1 ? values : names.map(() => OTHER);
      const key = bounded.join("\0");
      const one = all.get(key) ?? { value: create(), labels: pairs(names, bounded) };
      all.set(key, one);
      return one.value;
    },
    map: (each) => Array.from(all.values(), ({ value, labels }) => each(value, labels)),
  };
}

function head({ name, help }: MetricOptions, type: string): string {
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
}

function sample(name: string, labels: Labels, value: number): string {
  const texts = labels.map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${texts.length === 0 ? "" : `{${texts.join(",")}}`} ${value}\n`;
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information */
function escaped(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
