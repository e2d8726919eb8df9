import type { KerasModel } from '../keras/keras-model.js';
import { badSource } from './bad-source.js';
import { bindWeightTree } from './bind-weight-tree.js';
import { buildModel } from './build-model.js';
import { hdf5Loader } from './hdf5-weights.js';
import { asObject, parseJson } from './json.js';
import { majorOf } from './keras-version.js';
import { openHdf5 } from './open-hdf5.js';
import { readTopology } from './read-topology.js';

/** The files of a `.keras` archive, or of the folder that Keras makes of one. */
export interface KerasArchive {
  readonly names: readonly string[];
  read(name: string): Promise<Uint8Array>;
}

const configName = 'config.json';
const metadataName = 'metadata.json';
const weightsName = 'model.weights.h5';

/**
 * A model as Keras 2.12–2.15 and Keras 3 save it: `config.json`, `metadata.json` and `model.weights.h5`.
 * @throws INVALID_INPUT when one of them is missing, or is not what it should be
 */
export async function readKerasArchive(archive: KerasArchive): Promise<KerasModel> {
  for (const name of [configName, weightsName]) {
    if (archive.names.includes(name)) continue;
    const other = archive.names.find((entry) => /\.weights\.json$|\.npz$|weights.*\.h5$/.test(entry));
    const instead = other === undefined ? '' : ` (it has ${other})`;
    throw badSource(
      `the .keras file has no ${name}${instead}`,
      "save the whole model in one piece: model.save('m.keras')",
    );
  }
  const described = asObject(parseJson(await archive.read(configName), configName), configName);
  const metadata = archive.names.includes(metadataName)
    ? asObject(parseJson(await archive.read(metadataName), metadataName), metadataName)
    : {};
  const version = typeof metadata.keras_version === 'string' ? metadata.keras_version : '3';
  const model = readTopology(described, { major: majorOf(version) });
  const file = await openHdf5(await archive.read(weightsName));
  try {
    return await buildModel(model, version, bindWeightTree(model, file.root), hdf5Loader(file));
  } finally {
    await file.close();
  }
}
