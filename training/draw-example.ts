import { mkdirSync, writeFileSync } from 'node:fs';
import { drawSeven } from './draw-seven.js';
import { greyPng } from './grey-png.js';

const side = 280;
mkdirSync('examples', { recursive: true });
writeFileSync('examples/7.png', greyPng(drawSeven(side), side));
process.stderr.write('examples/7.png\n');
