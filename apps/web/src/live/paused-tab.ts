const key = 'emcachers-updates';
const paused = 'paused';

/** Whether the operator paused the updates of this tab; kept by the browser until the tab is closed. */
export function isTabPaused(): boolean {
  try {
    return sessionStorage.getItem(key) === paused;
  } catch {
    // Storage can be forbidden; a pause then ends with the page.
    return false;
  }
}

export function keepTabPaused(isPaused: boolean): void {
  try {
    if (isPaused) sessionStorage.setItem(key, paused);
    else sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
}
