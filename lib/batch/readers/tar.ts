import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { invalidInput } from '../../core/errors.js';
import { entryContent, isNoRecord } from './archive-entry.js';
import type { FormatReader } from './found-record.js';
import { fileContent } from './read-file.js';

/** `.tar`: an instance a file, in the archive's order. */
export const readTar: FormatReader = async function* ({ bytes, context }) {
  // Headers of before 1988 have no magic number.
  const tar = extract({ allowUnknownFormat: true } as object);
  const sink = tar as unknown as NodeJS.WritableStream;
  const source = Readable.from(bytes(0), { highWaterMark: 1 });
  let sourceFailure: Error | undefined;
  source.on('error', (error) => {
    sourceFailure = error;
    // Not destroyed: files that came whole are still to be read.
    sink.end();
  });
  source.pipe(sink);
  const explain = (error: unknown): Error => {
    if (sourceFailure !== undefined) return sourceFailure;
    const reason = error instanceof Error ? error.message : String(error);
    return invalidInput('', `the tar is damaged or cut off (${reason}); pack it again`);
  };

  const entries = tar[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value: entry, done } = await entries.next().catch((error) => {
        throw explain(error);
      });
      if (done && sourceFailure !== undefined) throw sourceFailure;
      if (done) return;
      const { name, size } = entry.header;
      if (isNoRecord(name) || entry.header.type === 'directory') {
        entry.resume();
        continue;
      }
      const described = { name, bytes: size, problem: problemOf(entry.header) };
      let opened = false;
      const read = () => {
        opened = true;
        return fileContent(entry as AsyncIterable<Uint8Array>);
      };
      yield {
        read: () =>
          entryContent(described, context, read).catch((error) => {
            throw explain(error);
          }),
      };
      if (!opened) entry.resume();
    }
  } finally {
    source.destroy();
    tar.destroy();
  }
};

/** Of its kind: a link is no file, and where it leads is not looked up. */
function problemOf({ type }: Header): string | undefined {
  if (type === 'file' || type === 'contiguous-file') return undefined;
  return `it is ${type === null ? 'of a kind that is not known' : `a ${type}`}; pack the file itself`;
}
