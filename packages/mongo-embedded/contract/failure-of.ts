/** The server's refusal of a command, for tests that expect one. */
import { MongoServerError } from 'mongodb';

/** The error that the promise rejects with; throws where it resolves or fails without an answer of the server. */
export async function failureOf(promise: Promise<unknown>): Promise<MongoServerError> {
  let result: unknown;
  try {
    result = await promise;
  } catch (error) {
    if (error instanceof MongoServerError) return error;
    throw new Error('expected a refusal by the server, got another error', { cause: error });
  }
  throw new Error(`expected a refusal by the server, got ${JSON.stringify(result)}`);
}
