/** One bar: its parts in the order of the legend, in one unit. */
export interface Bar {
  readonly label: string;
  readonly parts: readonly number[];
}

export interface StackedBars {
  readonly title: string;
  readonly unit: string;
  readonly legend: readonly string[];
  readonly groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[];
  /** Where the axis ends; a longer bar is cut there, and its number says how long it is. */
  readonly limit: number;
}

const [width, left, right, row, thickness] = [900, 210, 60, 24, 16];
/** Told apart on white and on black, also without green and red (Okabe and Ito's palette, and two greys). */
const colours = ['#8c8c8c', '#e69f00', '#56b4e9', '#cc79a7', '#0072b2', '#009e73', '#d55e00', '#b8b8b8'];

/** Horizontal stacked bars as an SVG document; its text follows the reader's light or dark scheme. */
export function stackedBars({ title, unit, legend, groups, limit }: StackedBars): string {
  const scale = (width - left - right) / limit;
  const parts: string[] = [];
  const text = (x: number, y: number, content: string, attributes = ''): void => {
    parts.push(`<text x="${round(x)}" y="${round(y)}"${attributes}>${escaped(content)}</text>`);
  };
  text(0, 16, title, ' class="title"');
  let x = left;
  legend.forEach((name, index) => {
    parts.push(`<rect x="${round(x)}" y="32" width="12" height="12" fill="${colours[index]}"/>`);
    text(x + 16, 42, name);
    x += 32 + 7 * name.length;
  });
  let y = 60;
  for (const group of groups) {
    text(0, y + 14, group.title, ' class="title"');
    y += row;
    for (const { label, parts: lengths } of group.bars) {
      text(left - 8, y + 13, label, ' text-anchor="end"');
      let from = 0;
      lengths.forEach((length, index) => {
        const to = Math.min(limit, from + length);
        const [start, extent] = [left + from * scale, (to - from) * scale];
        if (extent > 0) {
          const place = `x="${round(start)}" y="${y}" width="${round(extent)}" height="${thickness}"`;
          parts.push(
            `<rect ${place} fill="${colours[index]}"><title>${legend[index]}: ${length.toFixed(0)} ${unit}</title></rect>`,
          );
        }
        from = to;
      });
      const total = lengths.reduce((sum, length) => sum + length, 0);
      text(left + from * scale + 6, y + 13, `${total > limit ? '… ' : ''}${total.toFixed(0)}`);
      y += row;
    }
    y += row / 2;
  }
  const style =
    'text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}' +
    '@media(prefers-color-scheme:dark){text{fill:#e6edf3}}';
  const box = `viewBox="0 0 ${width} ${y}" width="${width}" height="${y}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${box} role="img" aria-label="${escaped(title)}">`,
    `<style>${style}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const round = (value: number): number => Math.round(value * 10) / 10;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
