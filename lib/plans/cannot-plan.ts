/** A graph, or sizes of its inputs, that plans don't know how to compute: TF.js runs the model instead. */
export class CannotPlan extends Error {
  override readonly name = 'CannotPlan';
}
