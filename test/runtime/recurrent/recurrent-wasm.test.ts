import { recurrentContract } from './recurrent.contract.js';

recurrentContract('wasm');
