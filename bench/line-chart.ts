interface Line {
  readonly title: string;
  readonly points: readonly (readonly [number, number])[];
  readonly xUnit: string;
  readonly limit: { readonly value: number; readonly label: string };
}

const [width, height, left, bottom, top, right] = [720, 260, 48, 36, 40, 16];

/** A curve under a limit, as an SVG document that can be read on light and dark. */
export function lineChart({ title, points, xUnit, limit }: Line): string {
  const mostX = Math.max(...points.map(([x]) => x));
  const mostY = 1.1 * Math.max(limit.value, ...points.map(([, y]) => y));
  const x = (value: number) => (left + ((width - left - right) * value) / mostX).toFixed(1);
  const y = (value: number) => (height - bottom - ((height - bottom - top) * value) / mostY).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * limit.value);
  const text = (at: string, down: string | number, words: string, anchor = 'start') =>
    `<text x="${at}" y="${down}" text-anchor="${anchor}">${words}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#767676}.grid{stroke:#8884}.limit{stroke:#c0392b;stroke-dasharray:4 3}' +
      '.line{fill:none;stroke:#2878b5;stroke-width:2}</style>',
    text(String(left), 20, title),
    ...ticks.flatMap((value) => [
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>`,
      text(String(left - 6), y(value), value.toFixed(0), 'end'),
    ]),
    `<line class="limit" x1="${left}" x2="${width - right}" y1="${y(limit.value)}" y2="${y(limit.value)}"/>`,
    text(String(width - right), Number(y(limit.value)) - 5, limit.label, 'end'),
    `<polyline class="line" points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}"/>`,
    text(x(0), height - 14, '0'),
    text(x(mostX), height - 14, `${mostX.toFixed(1)} ${xUnit}`, 'end'),
    '</svg>',
    '',
  ].join('\n');
}
