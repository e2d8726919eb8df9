import type { Summary } from '../batch/summary.js';
import { ModeletError } from '../core/errors.js';

/** A batch's result in a line. @param folder where its results are */
export function tellSummary(folder: string, { state, records, failed, error }: Summary): string {
  const bad = failed === 0 ? '' : `, ${failed} of them failed`;
  const cut = state === 'failed' ? `; then the file could not be read: ${error}` : '';
  return `${folder}/results.jsonl: ${records} record(s)${bad}${cut}`;
}

/** @throws INVALID_INPUT where the input could not be read to its end */
export function checkWhole(name: string, { state, error }: Summary): void {
  if (state === 'failed') throw new ModeletError('INVALID_INPUT', `${name} could not be read to its end; ${error}`);
}
