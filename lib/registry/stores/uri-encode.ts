/**
 * Percent-encodes as Signature Version 4 does ("UriEncode" of AWS, RFC 3986): encodeURIComponent leaves five characters alone
 * that it takes.
 */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A key as the path of a request has it: `/` stays. */
export const encodeKey = (key: string): string => key.split('/').map(encode).join('/');

/** `?name=value&…`; '' where there is nothing. */
export function encodeQuery(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
