/**
 * The texts of an element that stands first in its parents, wherever these are. S3's XML has neither attributes below its root
 * nor comments nor CDATA.
 */
export function textsOf(xml: string, ...path: string[]): string[] {
  const pattern = new RegExp(`${path.map((element) => `<${element}>`).join('\\s*')}([^<]*)<`, 'g');
  return [...xml.matchAll(pattern)].map(([, text = '']) => unescapeXml(text));
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
