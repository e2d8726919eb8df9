/**
 * Whether JSON's numbers may have lost digits: a 64-bit input whose numbers reach 2^53.
 * @param inputs of a request, as JSON.parse gave them: anything
 */
export function holdsLargeIntegers(inputs: unknown): boolean {
  if (!Array.isArray(inputs)) return false;
  return inputs.some((input: unknown) => is64Bit(input) && holdsLarge(input.data));
}

/**
 * The inputs once more, from the text: the numbers of 64-bit inputs as BigInt where a double may not hold them.
 * @param json text that JSON.parse took
 * @param inputs what it made of them
 */
export async function withExactIntegers(json: Uint8Array, inputs: readonly unknown[]): Promise<readonly unknown[]> {
  // On demand, because hardly a request needs it. JSON.parse gives the source text too, but not in Node.js 20.
  const { parse } = await import('lossless-json');
  const text = new TextDecoder().decode(json);
  const exact = parse(text, undefined, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue });
  const again = (exact as { readonly inputs: readonly { readonly data: unknown }[] }).inputs;
  return inputs.map((input, index) => (is64Bit(input) ? { ...input, data: again[index]?.data } : input));
}

/** No 64-bit integer has more than 20 characters; a longer one is out of range as a double too. */
function exactNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^-?\d{1,20}$/.test(text) ? number : BigInt(text);
}

function is64Bit(input: unknown): input is { readonly data: unknown } {
  if (typeof input !== 'object' || input === null || !('datatype' in input)) return false;
  return (input.datatype === 'INT64' || input.datatype === 'UINT64') && 'data' in input;
}

function holdsLarge(data: unknown): boolean {
  if (Array.isArray(data)) return data.some(holdsLarge);
  return typeof data === 'number' && Number.isInteger(data) && !Number.isSafeInteger(data);
}
