import { mkdirSync, writeFileSync } from 'node:fs';
import { drawDigit } from './draw-digit.js';
import { greyPng } from './grey-png.js';

const side = 280;
mkdirSync('examples', { recursive: true });
writeFileSync('examples/7.png', greyPng(drawDigit(7, side), side));

/** All ten, smaller, as a batch takes them: an instance a line. */
const small = 100;
const lines = Array.from({ length: 10 }, (_, digit) => {
  const b64 = Buffer.from(greyPng(drawDigit(digit, small), small)).toString('base64');
  return `${JSON.stringify({ id: `drawn-${digit}`, instance: { b64 } })}\n`;
});
writeFileSync('examples/digits.jsonl', lines.join(''));
process.stderr.write('examples/7.png examples/digits.jsonl\n');
