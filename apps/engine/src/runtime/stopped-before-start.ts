/** A stop was requested while the engine waited for what it needs to start. No fault: the process ends with code 0. */
export class StoppedBeforeStart extends Error {
  override readonly name = 'StoppedBeforeStart';

  constructor() {
    super('Stopped before the engine had started.');
  }
}
