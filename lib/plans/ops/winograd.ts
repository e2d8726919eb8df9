import type { Building } from '../building.js';
import { type Address, pitches } from '../value.js';
import { bandsOf } from './bands.js';
import type { Convolution } from './convolution.js';
import { further, type Window } from './window.js';

/** Of a transformed kernel, which is four times as large: at 512 channels each way it would save a third of the time for 28 MiB more. */
const mostBytes = 9 * 2 ** 20;
/** Products of fewer channels are too short to pay for the transformations. */
const leastChannels = 16;
/** Sums of more would err by more than 5e-6 of the largest output. */
const mostChannels = 512;
/** What the transformed tiles of a band take: half of a core's second cache; as much as all of it takes a seventh longer. */
const scratchBytes = 2 ** 19;
/** Tiles of a band, which pass by each of the 36 products while that is in the cache. */
const leastTiles = 24;

/** Whether F(4 × 4, 3 × 3) can do a convolution and is quicker; image and batch don't matter, as all share the weights. */
export function suitsWinograd({ kernel, stride, dilation }: Window, channels: number, columns: number): boolean {
  const isPlain = [...kernel].every((size) => size === 3) && [...stride, ...dilation].every((step) => step === 1);
  const fits = channels % 4 === 0 && columns % 4 === 0 && channels >= leastChannels && channels <= mostChannels;
  return isPlain && fits && 36 * 4 * channels * columns <= mostBytes;
}

/** In bands of rows, so that the tiles on their way through the transformations stay in the cache. */
export function winograd(building: Building, job: Convolution): void {
  const { scene, weight, channels, bias, residual, output, low, high } = job;
  const [images, height, width, columns] = output.shape as [number, number, number, number];
  const to = pitches(output);
  const kernel = packedTiles(building, weight, channels, columns);
  const shift = { datatype: 'FP32', shape: [columns] } as const;
  const added = building.place(
    bias === undefined ? { ...shift, known: new Array<number>(columns).fill(0) } : { ...shift, weight: bias },
  );
  const tiles = Math.ceil(width / 4);
  const most = Math.max(leastTiles, Math.floor(scratchBytes / (4 * 36 * (channels + columns))));
  for (const band of bandsOf(images, height, 4, Math.floor(most / tiles))) {
    const out = band.image * to.image + band.row * to.row;
    building.call(
      'winograd',
      further(scene.from, band.image * scene.image + band.row * scene.row),
      kernel,
      added,
      further(building.place(output), out),
      residual === undefined ? 0 : further(residual, out),
      building.scratch(36 * band.images * Math.ceil(band.rows / 4) * tiles * (channels + columns)),
      ...[band.images, band.rows, width, channels, scene.row, scene.image, columns, to.row, to.image, low, high],
    );
  }
}

/** The kernel's 36 products, packed. */
function packedTiles(building: Building, weight: string, channels: number, columns: number): Address {
  const floats = 36 * Math.ceil(columns / 8) * 8 * (channels + 1);
  return building.packed(`winograd ${weight}`, floats, [weight], (kernels, to, [from = 0]) => {
    kernels.pack_winograd(from, to, channels, columns);
  });
}
