import { expect, test } from '@jest/globals';
import { readSource } from '../../../lib/importers/sources/read-source.js';
import { describeSource } from './describe-model.js';
import { describeShared, shared } from './shared-models.js';

const lstm = 'LSTM(kernel,recurrent_kernel,bias)';
const gru = 'GRU(kernel,recurrent_kernel,bias)';
const dense = 'Dense(kernel,bias)';
const conv = 'Conv2D(kernel,bias)';
const bidirectional = `Bidirectional(forward=${lstm},backward=${lstm})`;
const distributed = `TimeDistributed(layer=${dense})`;
const seedCnn = `image:FP32[-1,28,28,1] → ${conv} MaxPooling2D ${conv} MaxPooling2D ${conv} Flatten ${dense} ${dense} → probs`;
const textLstm = `tokens:INT32[-1,20] → Embedding(embeddings) ${lstm} ${dense} → sentiment`;
const seriesGru = `series:FP32[-1,-1,4] → ${gru} ${gru} ${dense} → next`;
const bilstm = `frames:FP32[-1,9,5] → ${bidirectional} ${distributed} ${bidirectional} ${distributed} → td_tags`;
const normalization = `raw:FP32[-1,6] → Rescaling Normalization(mean,variance) ${dense} ${dense} → scores`;
const twoInputs = `left:FP32[-1,6] right:FP32[-1,4] → ${dense} ${dense} Concatenate ${dense} ${dense} ${dense} → kind value`;
const bn = 'BatchNormalization(gamma,beta,moving_mean,moving_variance)';
const cnn =
  `image:FP32[-1,12,12,3] → Conv2D(kernel) ${bn} ReLU Conv2D(kernel) ${bn} ReLU Conv2D(kernel) ` +
  'BatchNormalization(beta,moving_mean,moving_variance) Add ReLU DepthwiseConv2D(kernel,bias) ' +
  'BatchNormalization(gamma,moving_mean,moving_variance) SeparableConv2D(depthwise_kernel,pointwise_kernel,bias) ' +
  `GlobalAveragePooling2D Dropout ${dense} → probs`;
const savedModel = 'saved_model.pb variables/variables.data-00000-of-00001 variables/variables.index';
const drawing = `${conv} ${conv} MaxPooling2D`;

/** Golden models: the same one in each file of its folder. */
const golden: Readonly<Record<string, string>> = {
  bidirectional: bilstm,
  'bn-residual-cnn': cnn,
  'functional-two-inputs': twoInputs,
  normalization,
  'series-gru': seriesGru,
  'text-lstm': textLstm,
};
const forms = [
  ['model.keras', 'keras-zip 3.15.1'],
  ['model.h5', 'keras-h5 2.15.0'],
  ['tfjs_layers', 'tfjs-layers 2.15.0'],
] as const;

const others: readonly (readonly [string, string])[] = [
  ['keras-golden/seed-cnn/model.keras', `keras-zip 3.15.1 ${seedCnn}`],
  ['keras-golden/seed-cnn-keras2/model.h5', `keras-h5 2.15.0 ${seedCnn}`],
  ['keras-golden/functional-two-inputs/model.keras2.keras', `keras-zip 2.15.0 ${twoInputs}`],
  ['keras-golden/text-lstm/model.keras3.h5', `keras-h5 3.15.1 ${textLstm}`],
  ['keras-golden/bidirectional/model.keras3.h5', `keras-h5 3.15.1 ${bilstm}`],
  ['keras-golden/normalization/model.keras3.h5', `keras-h5 3.15.1 ${normalization}`],
  ['keras-golden/series-gru/model.keras3.h5', `keras-h5 3.15.1 ${seriesGru}`],
  ['keras-golden/functional-two-inputs/model.keras3.h5', `keras-h5 3.15.1 ${twoInputs}`],
  [
    'keras-h5/bidirectional_lstm_tensorflow_2.h5',
    `keras-h5 2.1.3 bidirectional_1_input:FP32[-1,4,10] → ${bidirectional} → bidirectional_1`,
  ],
  [
    'keras-h5/cnn1d_flatten_tf_keras2.h5',
    'keras-h5 2.1.3 conv1d_1_input:FP32[-1,20,100] → Conv1D(kernel,bias) Conv1D(kernel,bias) Conv1D(kernel,bias) ' +
      `Flatten Dropout ${dense} Dropout ${dense} → dense_2`,
  ],
  [
    'keras-h5/cnn_batch_norm.h5',
    `keras-h5 2.1.3 conv2d_1_input:FP32[-1,10,10,3] → ${conv} ${bn} Activation ${conv} Flatten ${dense} → dense_1`,
  ],
  [
    'keras-h5/embedding_lstm_tensorflow_2.h5',
    `keras-h5 2.1.3 embedding_1_input:INT32[-1,10] → Embedding(embeddings) ${lstm} → lstm_1`,
  ],
  ['keras-h5/simple_lstm_tf_keras_2_model.h5', `keras-h5 2.0.6 lstm_1_input:FP32[-1,1,1] → ${lstm} ${dense} → dense_1`],
  // Its batch of 32 is what it was trained with.
  [
    'keras3-mnist/mnist.keras',
    `keras-zip 3.13.0 input_layer:FP32[-1,28,28] → Flatten ${dense} ${dense} ${dense} → dense_8`,
  ],
  [
    'layers-cvae-quickdraw',
    `tfjs-layers 2.2.2 latent_input:FP32[-1,16] label:FP32[-1,51] → Concatenate ${dense} Reshape Conv2DTranspose(kernel,bias) ` +
      'UpSampling2D Conv2DTranspose(kernel,bias) UpSampling2D Conv2DTranspose(kernel,bias) → conv2d_transpose_3',
  ],
  [
    'layers-doodlenet',
    `tfjs-layers 2.2.4-tf conv2d_input:FP32[-1,28,28,1] → ${drawing} ${drawing} ${drawing} Dropout Flatten ${dense} ${dense} → dense_1`,
  ],
  [
    'layers-sentiment-mrm8488',
    `tfjs-layers 2.1.6-tf layer_embedding_input:INT32[-1,40] → Embedding(embeddings) ${gru} ${gru} ${gru} ${dense} → dense_1`,
  ],
  [
    'layers-tfjs-e2e-tiny/model.json',
    `tfjs-layers tfjs-layers 0.0.0 embedding_Embedding2_input:INT32[-1,10] → Embedding(embeddings) ${gru} → gru_GRU1`,
  ],
  ['layers-ux-lstm', `tfjs-layers tfjs-layers 1.1.0 lstm1_input:FP32[-1,25,5] → ${lstm} ${bn} ${dense} → softmax`],
  [
    'layers-ux-simplernn',
    `tfjs-layers tfjs-layers 1.1.0 rnn1_input:FP32[-1,25,5] → SimpleRNN(kernel,recurrent_kernel,bias) ${bn} ${dense} → softmax`,
  ],
  ['graph-handtrack-ssd320-int8', 'tfjs-graph 1185 nodes 619 weights signed'],
  ['graph-human-rvm', 'tfjs-graph 910 nodes 425 weights signed'],
  ['graph-tfjs-e2e-tiny', 'tfjs-graph 3 nodes 1 weights signed'],
  ['graph-tfjs-e2e-tiny-new', 'tfjs-graph 3 nodes 1 weights signed'],
  ['graph-tfjs-inference-structured', 'tfjs-graph 3 nodes 1 weights signed'],
  ['keras-golden/text-lstm/tfjs_graph', 'tfjs-graph 77 nodes 45 weights signed'],
  ['keras-golden/text-lstm/saved_model', `saved-model fingerprint.pb ${savedModel}`],
  ['savedmodel-lstm-from-sequential', `saved-model fingerprint.pb keras_metadata.pb ${savedModel}`],
  ['savedmodel-half-plus-two-2-versions/00000123', `saved-model assets/foo.txt ${savedModel}`],
  ['savedmodel-tfjs-node-fixtures/int64_multiply', `saved-model ${savedModel}`],
];

describeShared('real model files', () => {
  const cases = Object.entries(golden).flatMap(([name, model]) =>
    forms.map(([file, format]) => [`keras-golden/${name}/${file}`, `${format} ${model}`] as const),
  );
  test.each([...cases, ...others])('%s', async (path, expected) => {
    expect(describeSource(await readSource(`${shared}/${path}`))).toBe(expected);
  });

  test.each([
    ['savedmodel-half-plus-two-2-versions', /versions of a SavedModel: 00000123, 00000124; publish one of them/],
    ['weightsonly-faceapi-tiny-detector', /a list of weights without a model; publish the model\.json/],
    ['keras-h5/simple_lstm_tf_keras_2_inputs_and_outputs.h5', /holds no Keras model; save the whole model/],
    ['keras-h5', /several models: .*cnn_batch_norm\.h5.*; give the path of one/],
    ['vocab-sentiment-mrm8488', /holds no model; give the path of/],
    ['vocab-sentiment-mrm8488/dict.csv', /no kind of model known here; give the path of/],
    ['nowhere', /is not there; give the path of/],
  ])('%s is refused', async (path, message) => {
    await expect(readSource(`${shared}/${path}`)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(message),
    });
  });

  test('the same weights come from every form of a file', async () => {
    const paths = ['model.keras', 'model.h5', 'model.keras3.h5', 'tfjs_layers'].map(
      (file) => `${shared}/keras-golden/bidirectional/${file}`,
    );
    const kernels = await Promise.all(
      paths.map(async (path) => {
        const source = await readSource(path);
        return source.kind === 'keras'
          ? source.model.calls[2]?.layer.children.get('backward')?.weights.get('kernel')
          : undefined;
      }),
    );
    expect(kernels[0]?.shape).toEqual([8, 24]);
    for (const kernel of kernels) expect(kernel).toEqual(kernels[0]);
  });
});
