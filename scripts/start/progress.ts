/** Prints the startup steps on the terminal, with the time each took. */
export interface Progress {
  step<Result>(title: string, work: () => Promise<Result>): Promise<Result>;
  say(line: string): void;
}

export function createProgress(output: NodeJS.WriteStream): Progress {
  return {
    async step(title, work) {
      const startedAt = performance.now();
      output.write(`  ${title} … `);
      try {
        const result = await work();
        output.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
        return result;
      } catch (error) {
        output.write('failed\n');
        throw error;
      }
    },
    say(line) {
      output.write(`${line}\n`);
    },
  };
}
