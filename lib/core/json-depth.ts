/** Levels of arrays and objects; the deepest instance that means something has about twenty. */
export const maxJsonDepth = 64;

/**
 * Whether a JSON value is nested deeper than `maxJsonDepth`. JSON.parse itself needs no stack, whatever the depth; what comes
 * after it may.
 * @param text what the value was parsed from
 */
export function isTooDeep(text: string, value: unknown): boolean {
  return opens(text) > maxJsonDepth && isDeeper(value, maxJsonDepth);
}

/** How many arrays and objects the text may open, counted up to the limit: a flat tensor needs no closer look. */
function opens(text: string): number {
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at !== -1 && count <= maxJsonDepth; at = text.indexOf(bracket, at + 1))
      count++;
  }
  return count;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  // By index: an iterator would box every number of a tensor.
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    if (typeof member === 'object' && isDeeper(member, levels - 1)) return true;
  }
  return false;
}
