import { parseSummary, type Summary } from '../../lib/batch/summary.js';
import type { ObjectStore } from '../../lib/core/object-store.js';

/** What is at a key once nobody works on it any more. */
export interface Result {
  readonly summary: Summary;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly rows: readonly any[];
}

/**
 * The one result that counts.
 * @throws where there is none: no summary, another etag, a count that is off, a row twice, missing or out of order
 */
export async function wholeResult(data: ObjectStore, model: string, key: string): Promise<Result> {
  const folder = `outbox/${model}/${key}/`;
  const summary = parseSummary((await data.get(`${folder}summary.json`))?.body ?? Buffer.alloc(0));
  if (summary === undefined) throw new Error('there is no summary');
  const results = await data.get(`${folder}results.jsonl`);
  if (results?.etag !== summary.results.etag) throw new Error('the summary speaks of other results');
  if (results.body.length !== summary.results.bytes)
    throw new Error('the results have another size than the summary says');
  const lines = Buffer.from(results.body).toString().split('\n');
  if (lines.pop() !== '') throw new Error('the last row is cut off');
  const rows = lines.map((line) => JSON.parse(line));
  rows.forEach((row, index) => {
    if (row.index !== index) throw new Error(`row ${index} is record ${row.index}`);
  });
  const failed = rows.filter((row) => 'error' in row).length;
  const { records, ok } = summary;
  if (records !== rows.length || summary.failed !== failed || ok !== records - failed) {
    throw new Error(`the summary counts ${records} records, ${failed} failed; there are ${rows.length} and ${failed}`);
  }
  return { summary, rows };
}

/** Every object below a prefix. */
export async function allKeys(data: ObjectStore, prefix: string): Promise<string[]> {
  const names = await data.list(prefix);
  const below = names.map((name) => (name.endsWith('/') ? allKeys(data, prefix + name) : [prefix + name]));
  return (await Promise.all(below)).flat();
}
