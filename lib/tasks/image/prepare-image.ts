import { decodeImage } from './decode-image.js';
import { prepareHandwriting } from './handwriting.js';
import { preparePhoto } from './photo.js';

/** What a network takes. */
interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** A file → [height, width, channels], 0–255. @throws INVALID_INPUT */
type Prepare = (file: Uint8Array, size: ImageSize, field: string) => Float32Array;

export const prepareImage: Readonly<Record<'photo' | 'handwriting', Prepare>> = {
  photo: (file, { width, height, channels }, field) => preparePhoto(decodeImage(file, field), width, height, channels),
  handwriting: (file, { width, height }, field) => prepareHandwriting(decodeImage(file, field), width, height, field),
};
