import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tokenize } from '../../../lib/tasks/text/tokenize.js';

describe('tokens', () => {
  test.each([
    ['words in lower case, without what stands between', 'A GREAT film -- really!', ['a', 'great', 'film', 'really']],
    ['apostrophes of both kinds divide', "isn't isn’t l'amour", ['isn', 't', 'isn', 't', 'l', 'amour']],
    ['digits belong to words', '2nd 3d 1,5', ['2nd', '3d', '1', '5']],
    ['hyphens and underscores divide', 'co-writer snake_case', ['co', 'writer', 'snake', 'case']],
    ['marks stay with their letters', 'cliche\u0301 cliché', ['cliché', 'cliché']],
    ['compatible forms become one', 'ﬁlm ＦＩＬＭ ⅳ', ['film', 'film', 'iv']],
    ['Cyrillic, Greek, Arabic, Hindi', 'Фильм ταινία فيلم फ़िल्म', ['фильм', 'ταινία', 'فيلم', 'फ़िल्म'.normalize('NFKC')]],
    ['a character where no spaces divide words', '好电影 ok 映画', ['好', '电', '影', 'ok', '映', '画']],
    ['Thai vowels stay with their consonants', 'ดีมาก', ['ดี', 'ม', 'า', 'ก']],
    ['nothing is no token', '', []],
    ['nor are signs, spaces, emoji and halves of them', ' !?\n\u0000\ufeff 👍\ud83d', []],
  ])('%s', (_, text, tokens) => {
    expect(tokenize(text)).toEqual(tokens);
  });

  test('are never empty, never upper case, and the same each time, whatever the text', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const tokens = tokenize(text);
        expect(tokenize(text)).toEqual(tokens);
        expect(tokens.every((token) => token !== '' && token === token.toLowerCase() && !/\s/u.test(token))).toBe(true);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test('are the same again when they are joined', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const tokens = tokenize(text);
        expect(tokenize(tokens.join(' '))).toEqual(tokens);
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  // In quadratic time each of these would outlast the test's limit.
  test.each(['a', 'a ', "'", '好', '\u0301'])('of 100,000 characters %p come in linear time', (part) => {
    const text = part.repeat(100_000 / part.length);
    expect(tokenize(text).join('').length).toBe(text.replaceAll(/[ ']/g, '').length);
  });
});
