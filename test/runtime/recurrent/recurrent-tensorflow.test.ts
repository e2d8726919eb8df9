import { nativeBackendInstalled } from '../../../lib/runtime/native-backend.js';
import { requirePart } from '../../support/requires.js';
import { recurrentContract } from './recurrent.contract.js';

const describeNative = requirePart('the tensorflow backend', nativeBackendInstalled(), 'npm run native');

describeNative('tensorflow', () => recurrentContract('tensorflow'));
