import { cast } from './cast.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { identity } from './identity.js';
import { repair } from './repair.js';

let done = false;

/** Replaces TF.js' wasm kernels that answer wrongly; once a process, because they are registered for all. */
export function repairKernels(): void {
  if (done) return;
  done = true;
  repair('Cast', cast);
  repair('_FusedMatMul', fusedMatMul);
  repair('Identity', identity);
}
