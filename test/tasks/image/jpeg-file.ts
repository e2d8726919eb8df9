/** One marker segment of a file; after a start of scan with its data. */
export interface Part {
  readonly marker: number;
  readonly bytes: Buffer;
}

/** Takes a sound JPEG apart, from after the start of image to before the end of image. */
export function takeApart(file: Buffer): Part[] {
  const parts: Part[] = [];
  for (let offset = 2; file[offset + 1] !== 0xd9; ) {
    const marker = file[offset + 1] as number;
    let end = offset + 2 + file.readUInt16BE(offset + 2);
    if (marker === 0xda) {
      while (file[end] !== 0xff || file[end + 1] === 0 || ((file[end + 1] as number) & 0xf8) === 0xd0) end++;
    }
    parts.push({ marker, bytes: file.subarray(offset, end) });
    offset = end;
  }
  return parts;
}

export function putTogether(...parts: readonly (Part | Buffer)[]): Buffer {
  const all = parts.map((part) => (Buffer.isBuffer(part) ? part : part.bytes));
  return Buffer.concat([Buffer.of(0xff, 0xd8), ...all, Buffer.of(0xff, 0xd9)]);
}

export function segment(marker: number, ...body: readonly number[]): Buffer {
  return Buffer.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);
}
