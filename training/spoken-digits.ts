// Trains spoken-digits on the Free Spoken Digit Dataset and publishes it, when it is good enough through the served path.
import { createRegistry } from '../lib/registry/registry.js';
import { openStore } from '../lib/registry/stores/open-store.js';
import { loadTfjsNode } from '../lib/runtime/native-backend.js';
import { measureServed } from './measure-served.js';
import { progressBar } from './progress-bar.js';
import { publishSpokenDigits } from './publish-spoken-digits.js';
import { runTraining } from './run-training.js';
import type { SpeechEvaluation } from './speech-evaluation.js';
import { isTest, isValidation, listRecordings, type Recording, readSounds } from './spoken-digits-data.js';
import { createSpokenDigitsNetwork } from './spoken-digits-network.js';
import { soundAccuracy, trainSpokenDigits } from './train-spoken-digits.js';

const help = `npm run train:spoken-digits -- [options]
  --data DIR       the recordings (default ../shared/data/spoken-digits/recordings)
  --registry DIR   where to publish (default ./models)
  --unseen NAME    the speaker that a second network never hears, to measure strangers by (default theo)
  --epochs N       at most, for each of both (default 16; about 15 minutes)`;

const seed = 20_262;
/** A model that is worse than this on the test recordings is not published. */
const leastAccuracy = 0.97;

async function main(data: string, registry: string, unseen: string, epochs: number): Promise<void> {
  const all = listRecordings(data);
  const strangers = all.filter(({ speaker }) => speaker === unseen);
  if (strangers.length === 0) throw new Error(`--unseen ${unseen}: there is no such speaker in ${data}`);
  await loadTfjsNode();
  const known = all.filter(({ speaker }) => speaker !== unseen);
  const other = await train(`training without ${unseen}`, known, epochs);
  const unseenSpeakerAccuracy = soundAccuracy(other.model, readSounds(strangers));
  console.error(`without ${unseen}: right on ${unseenSpeakerAccuracy.toFixed(4)} of ${unseen}'s recordings`);

  const { model, validationAccuracy } = await train('training', all, epochs);
  const { accuracy, sounds, confusion } = await measureServed<SpeechEvaluation>('spoken-digits', data, (to) =>
    publishSpokenDigits(to, model),
  );
  console.error(confusion.map((row, digit) => `${digit}: ${row.join(' ')}`).join('\n'));
  if (accuracy < leastAccuracy) {
    throw new Error(
      `not published: it is right on ${accuracy} of the test recordings, ${leastAccuracy} is needed; use more epochs`,
    );
  }
  const metrics = {
    accuracy,
    testRecordings: sounds,
    validationAccuracy,
    unseenSpeakerAccuracy,
    unseenSpeakerRecordings: strangers.length,
  };
  const { version } = await publishSpokenDigits(createRegistry(await openStore(registry)), model, metrics);
  console.log(JSON.stringify({ model: 'spoken-digits', version, registry, unseen, ...metrics }));
}

async function train(title: string, recordings: readonly Recording[], epochs: number) {
  const model = createSpokenDigitsNetwork(seed);
  const learned = readSounds(recordings.filter((recording) => !isTest(recording) && !isValidation(recording)));
  const bar = progressBar(title, epochs * learned.length);
  const best = await trainSpokenDigits(model, {
    train: learned,
    validation: readSounds(recordings.filter(isValidation)),
    epochs,
    seed,
    onBatch: (epoch, sounds, loss) =>
      bar.update((epoch - 1) * learned.length + sounds, `loss ${Number(loss).toFixed(3)}`),
    onEpoch: ({ epoch, loss, accuracy }) =>
      console.error(`\nepoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, validation accuracy ${accuracy.toFixed(4)}`),
  });
  bar.stop();
  return { model, validationAccuracy: best.accuracy };
}

await runTraining(
  help,
  { data: '../shared/data/spoken-digits/recordings', unseen: 'theo', epochs: '16' },
  ({ data, registry, unseen }, epochs) => main(data, registry, unseen, epochs),
);
