import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { handler } from '../../functions/spoken-digits.js';
import { resample } from '../../lib/tasks/audio/resample.js';
import { speakDigit, spokenRate } from '../../training/speak-digit.js';
import { evaluateSpeech } from '../../training/speech-evaluation.js';
import { isTest, listRecordings } from '../../training/spoken-digits-data.js';
import { wavFile } from '../../training/wav-file.js';
import { requirePart } from '../support/requires.js';
import { client } from '../support/serve.js';
import { wavFile as writeWav } from '../tasks/audio/wav-file.js';

const data = '../shared/data/spoken-digits/recordings';
const withData = requirePart(
  'the spoken digits in ../shared/data/spoken-digits',
  existsSync(data),
  'a checkout that has ../shared',
);
Object.assign(process.env, { MODELET_REGISTRY: './models', POWERTOOLS_METRICS_DISABLED: 'true' });

test('the example is what our own voice says, to the byte', () => {
  expect(readFileSync('examples/five.wav').equals(wavFile(speakDigit(), spokenRate))).toBe(true);
});

describe('the published spoken-digits hears the example rightly', () => {
  const spoken = speakDigit();
  const at = (rate: number) => resample(spoken, { start: 0, step: spokenRate / rate, count: Math.floor(rate * 0.9) });
  const later = new Float32Array(10 * spokenRate);
  later.set(spoken, 6 * spokenRate);
  const stereo = (samples: Float32Array) =>
    Float32Array.from({ length: 2 * samples.length }, (_, n) => samples[n >> 1] ?? 0);

  test.each<[string, Uint8Array]>([
    ['as it is', readFileSync('examples/five.wav')],
    ['at 8 kHz in 8 bits', writeWav(at(8000), { bits: 8 })],
    ['at 44.1 kHz in 32 bits, stereo', writeWav(stereo(at(44_100)), { rate: 44_100, bits: 32, channels: 2 })],
    ['at 48 kHz in floats', writeWav(at(48_000), { rate: 48_000, bits: 32, tag: 3, extensible: true })],
    [
      'very softly',
      writeWav(
        spoken.map((value) => value / 50),
        { rate: spokenRate },
      ),
    ],
    ['after six seconds of silence', writeWav(later, { rate: spokenRate, bits: 24 })],
  ])('%s', async (_, file) => {
    const { status, json } = await client(handler).post('/models/spoken-digits', file, 'audio/wav');
    expect({ status, label: json.label }).toEqual({ status: 200, label: '5' });
    expect(json.window.end - json.window.start).toBeCloseTo(1.04, 2);
  });
});

test('silence gets an answer of numbers, what is no WAV file 400 with what would be right', async () => {
  const ask = (file: Uint8Array) => client(handler).post('/models/spoken-digits', file, 'audio/wav');
  const { status, json } = await ask(writeWav(new Float32Array(8000)));
  expect(status).toBe(200);
  expect(json.top.every(({ score }: { score: number }) => score >= 0 && score <= 1)).toBe(true);
  expect(await ask(Buffer.from('ID3'))).toMatchObject({
    status: 400,
    json: { code: 'INVALID_INPUT', error: expect.stringContaining('no RIFF/WAVE header') },
  });
});

withData('the published spoken-digits', () => {
  test('state at least 0.97 on the test recordings, and 0.85 on a speaker never heard', () => {
    const { metrics } = JSON.parse(readFileSync('models/spoken-digits/versions/1/manifest.json', 'utf8'));
    expect(metrics).toMatchObject({ testRecordings: 300, unseenSpeakerRecordings: 450 });
    expect(metrics.accuracy).toBeGreaterThanOrEqual(0.97);
    expect(metrics.unseenSpeakerAccuracy).toBeGreaterThanOrEqual(0.85);
  });

  test('answer all test recordings through the handler on wasm as well as that', async () => {
    const result = await evaluateSpeech(handler, listRecordings(data).filter(isTest), () => undefined);
    expect(result.sounds).toBe(300);
    expect(result.accuracy).toBeGreaterThanOrEqual(0.97);
  });
});
