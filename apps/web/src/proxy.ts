import { type NextRequest, NextResponse } from 'next/server';
import { guardConsole } from './access/console-guard.ts';
import { readEnvironment } from './env.ts';

/** Next.js calls this before every page, asset and route: without a `matcher` there is no exception. */
export function proxy(request: NextRequest): Response {
  return guardConsole(request, readEnvironment(), Date.now()) ?? NextResponse.next();
}
