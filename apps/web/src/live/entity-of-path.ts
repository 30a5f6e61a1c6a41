/** The entity whose page is open, or null. The subscription watches the rows of this entity. */
export function entityOfPath(pathname: string): string | null {
  const [, section, name] = pathname.split('/');
  return section === 'entities' && name !== undefined && name !== 'new' ? decodeURIComponent(name) : null;
}
