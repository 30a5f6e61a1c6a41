/** The scheme of the console's own 401; the engine's, for a wrong token of the console, is another one. */
export const sessionScheme = 'Session realm="EMCachers console"';

/** Leads a page whose session has ended to the sign-in, and from there back. Every other answer is left alone. */
export function signInAgain(answer: Response, place: SignInPlace): void {
  if (answer.status !== 401 || answer.headers.get('www-authenticate') !== sessionScheme) return;
  const { pathname, search } = place;
  place.assign(`/sign-in?next=${encodeURIComponent(`${pathname}${search}`)}`);
}

/** The page's `location`. */
interface SignInPlace {
  readonly pathname: string;
  readonly search: string;
  readonly assign: (url: string) => void;
}
