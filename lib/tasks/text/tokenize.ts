/** Scripts that put no space between words: there a character is a token. */
const unspaced = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map((script) => `\\p{Script=${script}}`)
  .join('');
const word = '[\\p{L}\\p{M}\\p{N}]';
const token = new RegExp(`[${unspaced}]\\p{M}*|(?:(?![${unspaced}])${word})+`, 'gu');

/**
 * Text of any language → its tokens: runs of letters, marks and digits, in lower case and NFKC; all else divides them, apostrophes too
 * (`isn't` is `isn`, `t`). Training and serving share it. By Unicode's properties and not by Intl.Segmenter, whose dictionaries differ
 * from one Node.js to the next: a version must read a text the same way everywhere. Time is linear in the text's length.
 */
export function tokenize(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(token) ?? [];
}
