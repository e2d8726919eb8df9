import { describe } from '@jest/globals';
import { memoryStore } from '../support/memory-store.js';
import { objectStoreContract } from './object-store.contract.js';

describe('the store in memory, for tests', () => objectStoreContract(async () => memoryStore()));
