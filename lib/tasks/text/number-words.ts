/** Keras' numbers: what fills a network's input up, and a word that is not in the vocabulary. The vocabulary follows. */
export const padding = 0;
export const unknown = 1;
export const firstWord = 2;

/** A token → its number. */
export type NumberWord = (token: string) => number;

/** @param vocabulary tokens as `tokenize` makes them; the first is number 2, as in `TextVectorization` of Keras */
export function createNumbering(vocabulary: readonly string[]): NumberWord {
  const numbers = new Map(vocabulary.map((word, index) => [word, firstWord + index]));
  return (token) => numbers.get(token) ?? unknown;
}
