const headerBytes = 44;

/** One channel as a WAV file of 16-bit samples; −1…1 is full scale. */
export function wavFile(samples: Float32Array, rate: number): Uint8Array {
  const file = Buffer.alloc(headerBytes + 2 * samples.length);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // channels
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(2 * rate, 28); // bytes a second
  file.writeUInt16LE(2, 32); // bytes a frame
  file.writeUInt16LE(16, 34); // bits a sample
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((value, index) => {
    file.writeInt16LE(Math.round(32_767 * Math.min(1, Math.max(-1, value))), headerBytes + 2 * index);
  });
  return file;
}
