import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.js';
import { lineChart } from './line-chart.js';

/** Of the upload. */
const bytes = 2 * 2 ** 30;
/** MiB over the model's own memory that a batch may take. */
const aim = 200;

interface Point {
  readonly read: number;
  readonly over: number;
}

/** Memory while 2 GiB of JSONL go through: each line an image as the network takes it, written out as numbers. */
export const batchMemory: Bench = {
  name: 'batch-memory',
  summary: 'memory of a batch of 2 GiB over that of the model',
  run: async (onProgress) => {
    const folder = mkdtempSync(join(tmpdir(), 'modelet-batch-memory-'));
    try {
      await writeUpload(folder);
      const points: Point[] = [];
      const script = fileURLToPath(new URL('./batch-memory/run-upload.js', import.meta.url));
      const child = spawn(process.execPath, [script, folder, 'big.jsonl'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      for await (const line of createInterface({ input: child.stdout })) {
        const point = JSON.parse(line) as Point;
        points.push(point);
        onProgress(point.read / bytes);
      }
      if ((await ended) !== 0) throw new Error('the batch failed, see above');
      const peak = Math.max(...points.map(({ over }) => over));
      const rows = curve(points).map(({ read, over }) => ({
        name: `${(read / 2 ** 30).toFixed(2)} GiB`,
        median: over,
        min: over,
        ratio: over / aim,
      }));
      return { headline: { peakMiB: peak, aimMiB: aim, uploadGiB: bytes / 2 ** 30 }, rows };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  table: ({ headline }) => {
    const { peakMiB, aimMiB, uploadGiB } = headline as Record<string, number>;
    return [
      `A JSONL of ${uploadGiB} GiB took at most ${peakMiB?.toFixed(0)} MiB over the process with its model loaded (aim ${aimMiB}).`,
      '',
      '![Memory over the model against what was read](batch-memory.svg)',
    ];
  },
  chart: ({ rows }) =>
    lineChart({
      title: 'Memory over the loaded model, MiB, while 2 GiB of JSONL are read',
      points: rows.map(({ name, median }) => [Number.parseFloat(name), median]),
      xUnit: 'GiB read',
      limit: { value: aim, label: `aim: ${aim} MiB` },
    }),
};

/** The curve in forty points: the peak of each fortieth. */
function curve(points: readonly Point[]): Point[] {
  const parts = 40;
  return Array.from({ length: parts }, (_, part) => {
    const within = points.filter(({ read }) => Math.min(parts - 1, Math.floor((read / bytes) * parts)) === part);
    return within.reduce<Point | undefined>((a, b) => (a === undefined || b.over > a.over ? b : a), undefined);
  }).filter((point) => point !== undefined);
}

async function writeUpload(folder: string): Promise<void> {
  mkdirSync(join(folder, 'inbox/digits'), { recursive: true });
  const out = createWriteStream(join(folder, 'inbox/digits/big.jsonl'));
  for (let written = 0, line = 0; written < bytes; line++) {
    const pixels = Array.from({ length: 28 }, (_, y) =>
      Array.from({ length: 28 }, (_, x) => [((x * 7 + y * 13 + line) % 256) / 255]),
    );
    const text = `${JSON.stringify(pixels)}\n`;
    written += text.length;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}
