/** One marker segment (ITU-T T.81, B.1.1.4). */
export interface JpegSegment {
  readonly marker: number;
  /** What follows the length. */
  readonly body: Uint8Array;
  /** Marker, length and body; after a start of scan its data too. */
  readonly bytes: Uint8Array;
  /** In a scan's data: the restart markers that come, 0–7. */
  readonly restarts: readonly number[];
}

export const markers = {
  dht: 0xc4,
  eoi: 0xd9,
  sos: 0xda,
  dqt: 0xdb,
  dri: 0xdd,
  app0: 0xe0,
  app1: 0xe1,
  app14: 0xee,
} as const;

/**
 * The segments from after the start of image up to the end of image, lazily: a file can have a million. Fill bytes between
 * them, and what follows the end of image, are left out.
 * @throws Error when the file ends before its end of image
 */
export function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  for (let offset = 2; ; ) {
    if (byteAt(bytes, offset) !== 0xff) throw new Error('a marker is missing');
    const marker = byteAt(bytes, offset + 1);
    if (marker === 0xff) {
      offset++; // a fill byte
      continue;
    }
    if (marker === markers.eoi) return;
    // The markers without a length (TEM, RST, SOI) belong nowhere here.
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) throw new Error('a marker is out of place');
    const length = (byteAt(bytes, offset + 2) << 8) | byteAt(bytes, offset + 3);
    const end = offset + 2 + length;
    if (length < 2) throw new Error('a marker has no length');
    if (end > bytes.length) throw new Error('it is truncated');
    const scan = marker === markers.sos ? scanData(bytes, end) : { end, restarts: [] };
    yield {
      marker,
      body: bytes.subarray(offset + 4, end),
      bytes: bytes.subarray(offset, scan.end),
      restarts: scan.restarts,
    };
    offset = scan.end;
  }
}

/** A scan's data goes on over stuffed zeros (FF 00) and restart markers to the first other marker. */
function scanData(bytes: Uint8Array, start: number): { end: number; restarts: number[] } {
  const restarts: number[] = [];
  for (let end = bytes.indexOf(0xff, start); end !== -1; end = bytes.indexOf(0xff, end + 2)) {
    const next = byteAt(bytes, end + 1);
    if (next >= 0xd0 && next <= 0xd7) restarts.push(next - 0xd0);
    else if (next !== 0) return { end, restarts };
  }
  throw new Error('it is truncated');
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw new Error('it is truncated');
  return byte;
}
