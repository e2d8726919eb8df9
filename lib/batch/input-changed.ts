/** The upload was deleted or replaced while it was read: whatever came of it so far does not count. */
export class InputChanged extends Error {
  override readonly name = 'InputChanged';

  constructor(readonly now: 'deleted' | 'replaced') {
    super(`the input was ${now} while it was read`);
  }
}
