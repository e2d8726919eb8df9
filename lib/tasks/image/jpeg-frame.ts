import type { JpegSegment } from './jpeg-segments.js';

export interface JpegComponent {
  readonly id: number;
  /** Vertical sampling factor: rows of blocks in an MCU. */
  readonly v: number;
  readonly quantizer: number;
  /** 8×8 blocks that hold its samples, without the padding to whole MCUs (ITU-T T.81, A.2.2). */
  readonly columns: number;
  readonly rows: number;
}

export interface JpegFrame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly mcuColumns: number;
  readonly mcuRows: number;
  /** One for grey, three for colour. */
  readonly components: readonly JpegComponent[];
}

/** Sampling factors of 1 and 1. A single component's mean nothing (ITU-T T.81, A.2.2), but the decoder pads by them. */
export const unsampled = 0x11;

/** Start-of-frame markers: SOF0–SOF15 without DHT, JPG and DAC (ITU-T T.81, table B.1). */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Reads a frame header (ITU-T T.81, B.2.2).
 * @throws Error for what is damaged, and for what the decoder would get wrong
 */
export function readFrame({ marker, body }: JpegSegment): JpegFrame {
  if (marker > 0xc2) throw new Error('it is lossless, hierarchical or arithmetic-coded; save it as baseline JPEG');
  const [precision, , , , , count = 0] = body;
  if (body.length < 6 || body.length !== 6 + 3 * count) throw damaged();
  if (precision !== 8) throw new Error(`it has ${precision} bits a sample; save it with 8`);
  if (count === 4) throw new Error('it is in CMYK; save it in RGB');
  if (count !== 1 && count !== 3) throw new Error(`it has ${count} colour channels; save it in RGB or grey`);
  const uint16 = (offset: number): number => ((body[offset] as number) << 8) | (body[offset + 1] as number);
  const [height, width] = [uint16(1), uint16(3)];
  const sampled = Array.from({ length: count }, (_, index) => {
    const [id, factors, quantizer] = body.subarray(6 + 3 * index) as unknown as [number, number, number];
    const sampling = count === 1 ? unsampled : factors;
    return { id, h: sampling >> 4, v: sampling & 15, quantizer };
  });
  const maxH = Math.max(...sampled.map(({ h }) => h));
  const maxV = Math.max(...sampled.map(({ v }) => v));
  if (sampled.some(({ h, v }) => h < 1 || v < 1) || maxH > 4 || maxV > 4) throw damaged();
  if (new Set(sampled.map(({ id }) => id)).size !== count) throw damaged();
  // T.81 allows 2 beside 3; the decoder takes a wrong number of blocks then.
  if (sampled.some(({ h, v }) => maxH % h !== 0 || maxV % v !== 0)) {
    throw new Error('its colours are subsampled by a fraction; save it as 4:4:4 or 4:2:0');
  }
  return {
    progressive: marker === 0xc2,
    width,
    height,
    mcuColumns: Math.ceil(width / 8 / maxH),
    mcuRows: Math.ceil(height / 8 / maxV),
    components: sampled.map(({ id, h, v, quantizer }) => ({
      id,
      v,
      quantizer,
      columns: Math.ceil((width * h) / maxH / 8),
      rows: Math.ceil((height * v) / maxV / 8),
    })),
  };
}

const damaged = (): Error => new Error('its frame header is damaged');
