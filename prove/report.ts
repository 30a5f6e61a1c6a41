/** What a run has done and found. */
export class Report {
  /** Rounds that ended with every cache compared. */
  rounds = 0;
  readonly faults = new Map<string, number>();
  readonly requests = new Map<string, number>();
  /** All jobs of the run, by how they ended. */
  readonly jobs = new Map<string, number>();
  readonly checks = new Map<string, number>();
  /** What a person should look at although it is no fault, with how often it was seen. */
  readonly notes = new Map<string, number>();
  readonly wrong: string[] = [];

  /** Counts checks of an invariant. */
  checked(invariant: string, times = 1): void {
    if (times > 0) count(this.checks, invariant, times);
  }

  fault(name: string): void {
    count(this.faults, name, 1);
  }

  request(name: string): void {
    count(this.requests, name, 1);
  }

  note(text: string): void {
    count(this.notes, text, 1);
  }

  fail(what: string): void {
    this.wrong.push(what);
  }

  text(operations: ReadonlyMap<string, number>, restarts: number): string {
    const sections = [
      section('operations on documents', operations),
      section('requests', this.requests),
      section('jobs', this.jobs),
      section('faults', this.faults),
      section('invariants checked', this.checks),
      ...(this.notes.size > 0 ? [section('notes', this.notes)] : []),
    ];
    const wrong = this.wrong.map((each) => `WRONG: ${each}\n`).join('');
    return `${sections.join('\n')}\n${wrong}rounds ${this.rounds}, restarts ${restarts}, wrong ${this.wrong.length}\n`;
  }
}

function count(counts: Map<string, number>, name: string, times: number): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}

function section(title: string, counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  const rows = [...counts].toSorted(([left], [right]) => left.localeCompare(right));
  return [line(title, total), ...rows.map(([name, times]) => line(`  ${name}`, times))].join('\n');
}

function line(name: string, times: number): string {
  return `${name.padEnd(70)}${String(times).padStart(10)}`;
}
