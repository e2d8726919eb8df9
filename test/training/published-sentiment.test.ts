import { existsSync, readFileSync } from 'node:fs';
import { describe as always, expect, test } from '@jest/globals';
import { handler } from '../../functions/sentiment.js';
import { serveCatalog, textClassification } from '../../lib/index.js';
import { taskShapes } from '../../lib/protocol/openapi-tasks.js';
import { createNumbering } from '../../lib/tasks/text/number-words.js';
import { textLimit } from '../../lib/tasks/text/read-text.js';
import { tokenize } from '../../lib/tasks/text/tokenize.js';
import { evaluateClasses } from '../../training/class-evaluation.js';
import { labels, readFilmReviews } from '../../training/review-data.js';
import { requirePart } from '../support/requires.js';
import { client } from '../support/serve.js';

const data = '../shared/data/review-polarity';
const describe = requirePart('../shared/data/review-polarity', existsSync(data), 'a checkout that has ../shared');
const folder = 'models/sentiment/versions/1';
const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8'));
const example = readFileSync('examples/review.txt');
Object.assign(process.env, { MODELET_REGISTRY: './models', POWERTOOLS_METRICS_DISABLED: 'true' });

const api = client(handler);
const ask = (text: string | Uint8Array, type = 'text/plain') => api.post('/models/sentiment', text, type);

always('the published sentiment', () => {
  test('is right on three quarters of the test sentences, and says what a bag of words reaches', () => {
    const { accuracy, testReviews, naiveBayesAccuracy, productAccuracy, productNaiveBayesAccuracy } = manifest.metrics;
    expect(testReviews).toBe(1066);
    expect(accuracy).toBeGreaterThanOrEqual(0.75);
    for (const share of [naiveBayesAccuracy, productAccuracy, productNaiveBayesAccuracy]) {
      expect(share).toBeGreaterThan(0.5);
      expect(share).toBeLessThan(1);
    }
  });

  test('is small, and its vocabulary is what the tokenizer makes of itself', () => {
    const files = manifest.files as readonly { bytes: number }[];
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(3_000_000);
    expect(readFileSync(`${folder}/manifest.json`).length).toBeLessThan(200_000);
    const { vocabulary } = manifest.task.options as { vocabulary: readonly string[] };
    expect(new Set(vocabulary).size).toBe(vocabulary.length);
    expect(vocabulary.filter((word) => tokenize(word).join() !== word)).toEqual([]);
  });

  test('has a card and a description that the vocabulary does not swell', async () => {
    const { status, json: card } = await api.get('/models/sentiment');
    expect(status).toBe(200);
    expect(card).toMatchObject({ labels, accepts: ['application/json', 'text/plain'], metrics: manifest.metrics });
    expect(JSON.stringify(card).length).toBeLessThan(2000);
    const { json: document } = await client(serveCatalog()).get('/openapi.json');
    const bodies = Object.entries(document.components.requestBodies).filter(([name]) => name.startsWith('sentiment_'));
    expect(bodies.length).toBeGreaterThan(2);
    expect(JSON.stringify(bodies).length).toBeLessThan(20_000);
  });

  test('likes the example, as a file, with a byte order mark, and as JSON', async () => {
    const { status, json } = await ask(example);
    expect(status).toBe(200);
    expect(json).toMatchObject({ model: 'sentiment', version: '1', label: 'positive', tokens: { read: 26, of: 26 } });
    expect(json.top.map(({ label }: { label: string }) => label)).toEqual(['positive', 'negative']);
    expect(json.top[0].score + json.top[1].score).toBeCloseTo(1, 5);
    const text = example.toString();
    expect((await ask(`\ufeff${text}`)).json).toEqual(json);
    expect((await api.post('/models/sentiment', { text })).json).toEqual(json);
    expect((await api.post('/models/sentiment', { b64: example.toString('base64') })).json).toEqual(json);
  });

  test.each([
    ['positive', 'A moving, beautifully acted story, and one of the best films of the year.'],
    ['negative', 'A tired, dull and lifeless mess: the plot is stupid and the jokes are worse.'],
    ['negative', 'The battery is terrible, and the support is worse.'],
  ])('finds %s, said once or often: %s', async (label, text) => {
    expect((await ask(text)).json.label).toBe(label);
    expect((await ask(`${text} `.repeat(50))).json.label).toBe(label);
  });

  test('says how much of a long text it read', async () => {
    const { json } = await ask('wonderful '.repeat(1000));
    expect(json.tokens).toEqual({ read: 256, known: 256, of: 1000 });
  });

  test('answers several texts of different lengths at once as one by one', async () => {
    const texts = ['good', 'a dull film', 'a warm film', 'warm and funny and moving'];
    const { json } = await api.post('/models/sentiment', { instances: texts.map((text) => ({ text })) });
    expect(json.predictions).toHaveLength(4);
    for (const [index, text] of texts.entries()) {
      const { json: alone } = await ask(text);
      expect(json.predictions[index].score).toBeCloseTo(alone.score, 5);
      expect(json.predictions[index].tokens).toEqual(alone.tokens);
    }
  });

  test.each([
    ['nothing', '', 'body: holds no word'],
    ['signs', '?! 👍', 'body: holds no word'],
    ['another script', 'Отличный фильм', "none of the 2 word(s) read is in the model's vocabulary"],
    ['Latin-1', Buffer.from('un cliché', 'latin1'), 'body: is not text in UTF-8'],
    ['more than the limit', 'good '.repeat(textLimit / 5 + 1), `the limit is ${textLimit}`],
  ])('refuses %s', async (_, text, message) => {
    const { status, json } = await ask(text);
    expect(json).toMatchObject({ code: 'INVALID_INPUT', error: expect.stringContaining(message) });
    expect(status).toBe(400);
  });

  test.each([
    [{ text: 5 }, 'body.text: expected text'],
    [{ texts: ['good'] }, 'body.text: expected text'],
    [{ instances: [{ text: 'good' }, { text: '' }] }, 'instances[1]: holds no word'],
    ['"good"', 'expected nested numbers, {"b64": …} or an object'],
  ])('refuses JSON %j', async (body, message) => {
    const { status, json } = await api.post('/models/sentiment', body);
    expect([status, json.error]).toEqual([400, expect.stringContaining(message)]);
  });

  test("speaks both protocols, in the vocabulary's numbers", async () => {
    const words = tokenize(example.toString()).map(createNumbering(manifest.task.options.vocabulary));
    const { json: asked } = await ask(example);
    const { json: rows } = await api.post('/v1/models/sentiment:predict', { instances: [words] });
    const { json: classes } = await api.post('/v1/models/sentiment:classify', { examples: [{ tokens: words }] });
    const input = { name: 'tokens', shape: [1, words.length], datatype: 'INT32', data: words };
    const { json: tensors } = await api.post('/v2/models/sentiment/infer', { inputs: [input] });
    expect(tensors.outputs[0]).toMatchObject({ name: 'probabilities', shape: [1, 2] });
    expect(tensors.outputs[0].data[1]).toBe(asked.score);
    expect(rows.predictions[0]).toEqual(tensors.outputs[0].data);
    expect(classes.results[0][0]).toEqual(['positive', asked.score]);
    const beyond = { ...input, shape: [1, 1], data: [manifest.task.options.vocabulary.length + 2] };
    expect((await api.post('/v2/models/sentiment/infer', { inputs: [beyond] })).status).not.toBe(200);
  });

  test('has examples in its OpenAPI description that it answers', async () => {
    const shape = taskShapes[textClassification.name];
    expect(shape?.mediaTypes).toEqual(textClassification.mediaTypes);
    expect((await api.post('/models/sentiment', shape?.example?.(manifest))).status).toBe(200);
    expect((await api.post('/models/sentiment', { b64: shape?.file?.(manifest) })).status).toBe(200);
  });
});

describe('measured through the handler on wasm', () => {
  test('the test sentences are judged as well as the card says', async () => {
    const files = readFilmReviews(data).test.map(({ label, text }) => ({ label, bytes: Buffer.from(text) }));
    const model = { name: 'sentiment', mediaType: 'text/plain', labels };
    const { accuracy, refused, count } = await evaluateClasses(handler, model, files, () => undefined);
    expect(accuracy).toBeGreaterThanOrEqual(0.75);
    expect({ refused, count }).toEqual({ refused: manifest.metrics.testRefused, count: manifest.metrics.testReviews });
    // Rounding on another machine may turn a close one.
    expect(Math.abs(accuracy - manifest.metrics.accuracy)).toBeLessThan(0.003);
  });
});
