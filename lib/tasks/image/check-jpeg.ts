/** Start-of-frame markers: SOF0–SOF15 without DHT, JPG and DAC (ITU-T T.81, table B.1). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Markers inside a scan's data: a stuffed zero, and the restart markers RST0–RST7. */
const isInScan = (byte: number): boolean => byte === 0x00 || (byte >= 0xd0 && byte <= 0xd7);

/**
 * Walks a JPEG's segments (ITU-T T.81, annex B) before a decoder sees it: decoders invent the pixels of a truncated file.
 * @param checkSize throws for a width × height that is not wanted
 * @throws Error in a few words
 */
export function checkJpeg(bytes: Uint8Array, checkSize: (width: number, height: number) => void): void {
  const at = (offset: number): number => {
    const byte = bytes[offset];
    if (byte === undefined) throw new Error('it is truncated');
    return byte;
  };
  let frames = 0;
  for (let offset = 2; ; ) {
    if (at(offset) !== 0xff) throw new Error('a marker is missing');
    const marker = at(offset + 1);
    if (marker === 0xff) {
      offset++; // fill byte
      continue;
    }
    if (marker === 0xd9) break;
    const length = (at(offset + 2) << 8) | at(offset + 3);
    if (isFrame(marker)) {
      frames++;
      checkSize((at(offset + 7) << 8) | at(offset + 8), (at(offset + 5) << 8) | at(offset + 6));
    }
    offset += 2 + length;
    if (marker === 0xda) {
      while (at(offset) !== 0xff || isInScan(at(offset + 1))) offset++;
    }
  }
  if (frames !== 1) throw new Error('it does not have exactly one frame');
}
