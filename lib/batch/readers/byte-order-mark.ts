import { invalidInput } from '../../core/errors.js';

const mark = Buffer.from('\uFEFF');

/**
 * Leaves out the byte order mark in front of a text.
 * @param onSkip told how many bytes were left out
 * @throws INVALID_INPUT for UTF-16, in which every second byte of a text would be taken for a character
 */
export async function* withoutMark(
  source: AsyncIterable<Uint8Array>,
  onSkip: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  let head: Uint8Array | undefined = new Uint8Array();
  const flush = (bytes: Uint8Array): Uint8Array => {
    const skipped = markLength(bytes);
    onSkip(skipped);
    return bytes.subarray(skipped);
  };
  for await (const chunk of source) {
    if (head === undefined) yield chunk;
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < mark.length) continue;
      yield flush(head);
      head = undefined;
    }
  }
  if (head !== undefined) yield flush(head);
}

function markLength(head: Uint8Array): number {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw invalidInput('', 'the file is text in UTF-16; save it as UTF-8');
  }
  return mark.equals(head.subarray(0, mark.length)) ? mark.length : 0;
}
