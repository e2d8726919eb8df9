/** Which tables a JPEG has defined so far, by their ids 0–3. */
export interface JpegTables {
  readonly quantizers: Set<number>;
  readonly dc: Set<number>;
  readonly ac: Set<number>;
}

const damaged = (): Error => new Error('its tables are damaged');

/**
 * Notes the quantizers of a DQT segment (ITU-T T.81, B.2.4.1).
 * @param final whether a scan came already. The decoder dequantizes at the end, so that no table may change from there on.
 */
export function readQuantizers(body: Uint8Array, { quantizers }: JpegTables, final: boolean): void {
  for (let offset = 0; offset < body.length; ) {
    const spec = body[offset] as number;
    const id = spec & 15;
    if (id > 3 || spec >> 4 > 1) throw damaged();
    if (final && quantizers.has(id)) throw new Error('its tables change between scans; save it again');
    offset += 1 + 64 * (1 + (spec >> 4));
    if (offset > body.length) throw damaged();
    quantizers.add(id);
  }
}

/** Notes the Huffman tables of a DHT segment (ITU-T T.81, B.2.4.2); each must be a prefix code (annex C). */
export function readHuffmanTables(body: Uint8Array, { dc, ac }: JpegTables): void {
  for (let offset = 0; offset < body.length; ) {
    const spec = body[offset] as number;
    const lengths = body.subarray(offset + 1, offset + 17);
    if ((spec & 15) > 3 || spec >> 4 > 1 || lengths.length < 16) throw damaged();
    let free = 1;
    for (const codes of lengths) {
      free = 2 * free - codes;
      if (free < 0) throw damaged();
    }
    offset += 17 + lengths.reduce((sum, codes) => sum + codes, 0);
    if (offset > body.length) throw damaged();
    (spec >> 4 === 0 ? dc : ac).add(spec & 15);
  }
}
