import { LogOut } from 'lucide-react';
import { buttonClasses } from '../ui/button.tsx';

/** Ends the session of this browser, in all its tabs. A form, so that it works without scripts too. */
export function SignOut() {
  return (
    <form method="post" action="/sign-out">
      <button type="submit" className={buttonClasses('plain', 'small')}>
        <LogOut size={14} aria-hidden />
        Sign out
      </button>
    </form>
  );
}
