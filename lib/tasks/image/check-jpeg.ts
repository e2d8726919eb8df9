import { isFrame, type JpegFrame, readFrame, unsampled } from './jpeg-frame.js';
import { followScans } from './jpeg-scans.js';
import { type JpegSegment, jpegSegments, markers } from './jpeg-segments.js';
import { type JpegTables, readHuffmanTables, readQuantizers } from './jpeg-tables.js';
import { exifOrientation, type Orientation } from './orientation.js';

/** Bytes of all tables together. A scan can have new ones: a few hundred bytes each. */
const maxTableBytes = 64 * 1024;

export interface CheckedJpeg {
  /** The same image with nothing but the segments that decoding needs. */
  readonly file: Buffer;
  readonly orientation: Orientation;
  /** Whether three components are luminance and colour differences (as nearly always), not red, green and blue. */
  readonly ycc: boolean;
}

/**
 * Walks a JPEG before a decoder sees it: decoders invent the pixels of a truncated or damaged file, and this one also gets
 * some sound ones wrong.
 * @param checkSize throws for a width × height that is not wanted
 * @throws Error in a few words
 */
export function checkJpeg(bytes: Uint8Array, checkSize: (width: number, height: number) => void): CheckedJpeg {
  const tables: JpegTables = { quantizers: new Set(), dc: new Set(), ac: new Set() };
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let frame: JpegFrame | undefined;
  let scans: ReturnType<typeof followScans> | undefined;
  let scanned = false;
  let restartInterval = 0;
  let tableBytes = 0;
  let exif: Uint8Array | undefined;
  let colours: 'jfif' | 'adobe-rgb' | 'adobe-ycc' | undefined;

  for (const segment of jpegSegments(bytes)) {
    const { marker, body } = segment;
    if (isFrame(marker)) {
      if (frame !== undefined) throw new Error('it has more than one frame');
      frame = readFrame(segment);
      checkSize(frame.width, frame.height);
      scans = followScans(frame, tables);
      kept.push(frame.components.length === 1 ? withoutSampling(segment) : segment.bytes);
      continue;
    }
    if (marker === markers.sos) {
      if (scans === undefined) throw new Error('it has no frame header');
      scans.add(segment, restartInterval);
      scanned = true;
    } else if (marker === markers.dqt || marker === markers.dht) {
      tableBytes += segment.bytes.length;
      if (tableBytes > maxTableBytes) throw new Error('it has more tables than an image needs');
      if (marker === markers.dqt) readQuantizers(body, tables, scanned);
      else readHuffmanTables(body, tables);
    } else if (marker === markers.dri) {
      if (body.length !== 2) throw new Error('its restart interval is damaged');
      restartInterval = ((body[0] as number) << 8) | (body[1] as number);
    } else {
      if (marker === markers.app1 && startsWith(body, 'Exif\0\0')) exif ??= body.subarray(6);
      if (marker === markers.app0 && startsWith(body, 'JFIF\0')) colours = 'jfif';
      if (marker === markers.app14 && startsWith(body, 'Adobe')) colours ??= body[11] === 0 ? 'adobe-rgb' : 'adobe-ycc';
      continue;
    }
    kept.push(segment.bytes);
  }
  if (frame === undefined || scans === undefined) throw new Error('it has no frame header');
  scans.finish();
  return {
    file: Buffer.concat([...kept, Uint8Array.of(0xff, markers.eoi)]),
    orientation: exifOrientation(exif),
    ycc: colours === undefined ? !hasRgbIds(frame) : colours !== 'adobe-rgb',
  };
}

/** Without a JFIF or Adobe segment, components that are called R, G and B are just that (as libjpeg has it). */
function hasRgbIds({ components }: JpegFrame): boolean {
  return components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB';
}

function withoutSampling({ bytes }: JpegSegment): Uint8Array {
  const frame = Uint8Array.from(bytes);
  frame[11] = unsampled;
  return frame;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, text.length)).toString('latin1') === text;
}
