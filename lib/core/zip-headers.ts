/** What both headers of a zip's entry say (APPNOTE.TXT 4.3.7 and 4.3.12). */
interface Header {
  readonly generalPurposeBitFlag: number;
  readonly compressionMethod: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly crc32: number;
}

/**
 * Whether the header before an entry's data and the one in the directory say the same. Some tools believe the one, some the
 * other: where they disagree, one of them lies.
 */
export function headersAgree(
  local: Header & { readonly fileName: Buffer },
  entry: Header & { readonly fileNameRaw: Buffer },
): boolean {
  // Bit 3: sizes and checksum follow the data. 2^32 - 1: they are in the zip64 field.
  const later = (local.generalPurposeBitFlag & 8) !== 0;
  const agrees = (there: number, here: number) => there === here || there === 2 ** 32 - 1 || (later && there === 0);
  return (
    local.fileName.equals(entry.fileNameRaw) &&
    local.compressionMethod === entry.compressionMethod &&
    agrees(local.compressedSize, entry.compressedSize) &&
    agrees(local.uncompressedSize, entry.uncompressedSize) &&
    agrees(local.crc32, entry.crc32)
  );
}
