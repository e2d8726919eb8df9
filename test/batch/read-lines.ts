import type { BatchRecord, ReadRecords } from '../../lib/batch/record.js';
import { invalidInput } from '../../lib/core/errors.js';
import { parseInstance } from '../../lib/core/instance.js';

/** The least reader of JSON lines, so that a run can be tested without the real ones. A line `!` damages the whole input. */
export const readLines: ReadRecords = async function* (input, _, from) {
  let offset = from.offset ?? 0;
  let index = from.index;
  let rest = Buffer.alloc(0);
  const record = (line: Buffer): BatchRecord => {
    offset += line.length + 1;
    const place = { index, next: { index: index + 1, offset } };
    index++;
    try {
      const value = JSON.parse(line.toString());
      const id = value.id as string | undefined;
      return { ...place, id, instance: parseInstance(value.instance ?? value, 'instance') };
    } catch {
      return { ...place, id: undefined, error: invalidInput('', 'the line is not JSON') };
    }
  };
  for await (const chunk of input.open(offset)) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (line.toString() === '!') throw invalidInput('', 'the archive is damaged; pack it again');
      yield record(line);
    }
  }
  if (rest.length > 0) yield record(rest);
};
