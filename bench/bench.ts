/** One row of a benchmark's table: times in milliseconds, and the ratio to the run's own yardstick. */
export interface Row {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly ratio: number;
}

export interface Result {
  /** The few figures that aims are set for: the last line that the bench prints. */
  readonly headline: Readonly<Record<string, unknown>>;
  readonly rows: readonly Row[];
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(onProgress: (share: number) => void): Promise<Result>;
  /** The Markdown table of docs/benchmarks.md. */
  table(result: Result): readonly string[];
  /** An SVG document, kept as docs/<name>.svg. */
  chart?(result: Result): string;
}
