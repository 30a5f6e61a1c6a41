/** Exit codes of every command. `docs/cli.md` lists them. */
export const exitCodes = {
  success: 0,
  /** The engine refused or failed for a reason that has no code of its own. */
  failed: 1,
  /** Unknown command or option, or input that is not valid. */
  usage: 2,
  /** The engine, or a database behind it, does not answer. */
  unreachable: 3,
  /** The token is missing, wrong, or has not the right. */
  denied: 4,
  notFound: 5,
  /** The state of the entity forbids it, the name is taken, or a part of a plan is not possible. */
  conflict: 6,
  /** A job ended, and not with success. */
  jobFailed: 7,
  /** `status --check`: the fleet is not ok. */
  unhealthy: 8,
  /** `diff`: the entities are not as described. */
  different: 9,
  /** Interrupted by a signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const ofStatus: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  415: exitCodes.usage,
  422: exitCodes.conflict,
  503: exitCodes.unreachable,
  504: exitCodes.unreachable,
};

/** The exit code for the HTTP status of a problem document. */
export function exitCodeOf(status: number): ExitCode {
  return ofStatus[status] ?? exitCodes.failed;
}
