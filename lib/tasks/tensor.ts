import * as v from 'valibot';
import { exampleSpecs } from '../core/batching.js';
import { invalidInput } from '../core/errors.js';
import { nestedFromTensor, tensorFromNested } from '../core/nested-numbers.js';
import { defineTask } from '../core/task.js';

/** The task of a model that has no other: numbers in, numbers out, by the signature's names. */
export const tensor = defineTask({
  name: 'tensor@1',
  options: v.object({}),
  mediaTypes: [],
  preprocess: (instance, { signature }, field) => {
    const specs = exampleSpecs(signature);
    const names = specs.map(({ name }) => name);
    if (instance.kind === 'file')
      throw invalidInput(field, `this model takes numbers: an object with ${names.join(', ')}`);
    const unknown = Object.keys(instance.value).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw invalidInput(`${field}.${unknown}`, `no such input; there are ${names.join(', ')}`);
    const present = specs.filter(({ name }) => Object.hasOwn(instance.value, name));
    return new Map(
      present.map(({ name, datatype }) => [name, tensorFromNested(datatype, instance.value[name], `${field}.${name}`)]),
    );
  },
  postprocess: (outputs) => ({
    outputs: Object.fromEntries([...outputs].map(([name, output]) => [name, nestedFromTensor(output)])),
  }),
});
