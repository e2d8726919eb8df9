import { mkdirSync, writeFileSync } from 'node:fs';
import { speakDigit, spokenRate } from './speak-digit.js';
import { wavFile } from './wav-file.js';

mkdirSync('examples', { recursive: true });
writeFileSync('examples/five.wav', wavFile(speakDigit(), spokenRate));
process.stderr.write('examples/five.wav\n');
