/** The entity whose page is open, or null: its rows are watched by the subscription. */
export function entityOfPath(pathname: string): string | null {
  const [, section, name] = pathname.split('/');
  return section === 'entities' && name !== undefined && name !== 'new' ? decodeURIComponent(name) : null;
}
