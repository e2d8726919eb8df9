/** modelet's own version; a test holds it against package.json, which a bundled function doesn't have. */
export const version = '0.1.0';
