/** Which version a caller wants: a number, or whatever an alias names now. Without either: alias `production`. */
export type VersionRef = { readonly version: string } | { readonly alias: string };

export const production: VersionRef = { alias: 'production' };
