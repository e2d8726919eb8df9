import { crc32, deflateRawSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array | string;
  /** 8 where it is not given: deflate. */
  readonly method?: number;
  readonly flags?: number;
  /** The upper half is Unix' mode. */
  readonly attributes?: number;
  /** What its headers say where that is not so. */
  readonly size?: number;
  readonly crc?: number;
  /** What the header before the data says where the two are not the same. */
  readonly local?: { readonly name?: string; readonly size?: number; readonly method?: number };
  /** Written nowhere: shares the data of the entry before it. */
  readonly shared?: true;
}

/** A zip by the letter of APPNOTE.TXT, with the lies that are asked for. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const body: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  let before = 0;
  for (const { name, content, method = 8, flags = 0x800, attributes = 0, local = {}, shared, ...said } of entries) {
    const bytes = Buffer.from(content);
    const stored = method === 8 ? deflateRawSync(bytes) : bytes;
    const { size = bytes.length, crc = crc32(bytes) } = said;
    const fields = (fieldMethod: number, fieldSize: number, fieldName: string): Buffer => {
      const header = Buffer.alloc(26);
      header.writeUInt16LE(20, 0);
      header.writeUInt16LE(flags, 2);
      header.writeUInt16LE(fieldMethod, 4);
      header.writeUInt32LE(crc, 10);
      header.writeUInt32LE(stored.length, 14);
      header.writeUInt32LE(fieldSize, 18);
      header.writeUInt16LE(Buffer.byteLength(fieldName), 22);
      return header;
    };
    const start = shared === true ? before : at;
    if (shared !== true) {
      const localName = local.name ?? name;
      const header = Buffer.concat([
        Buffer.from('PK\x03\x04', 'latin1'),
        fields(local.method ?? method, local.size ?? size, localName),
        Buffer.from(localName),
      ]);
      body.push(header, stored);
      before = at;
      at += header.length + stored.length;
    }
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(attributes, 6);
    rest.writeUInt32LE(start, 10);
    const central = [Buffer.from('PK\x01\x02\x14\x03', 'latin1'), fields(method, size, name), rest, Buffer.from(name)];
    directory.push(Buffer.concat(central));
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...body, ...directory, end]);
}

/** A tar as tar-stream writes it. */
export async function makeTar(
  entries: readonly (readonly [Partial<Header> & { name: string }, string?])[],
): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content ?? '');
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

/** Sets a header's type and writes its checksum again. */
export function retype(tar: Buffer, header: number, type: string): Buffer {
  tar.write(type, header + 156, 'latin1');
  tar.fill(' ', header + 148, header + 156);
  const sum = tar.subarray(header, header + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, header + 148, 'latin1');
  return tar;
}
