/**
 * Decides from the headers of an HTTP request whether it comes from our own pages, from a program or from another site. The engine and
 * the console ask before every route, so that a page of another site can neither read nor change anything:
 * a name that DNS rebinding points at this machine is no own host, and a browser says with `Origin` and `Sec-Fetch-Site` where a call
 * comes from. Programs send neither.
 */
export interface RequestSite {
  readonly method: string;
  readonly host: string | null;
  readonly origin: string | null;
  /** `Sec-Fetch-Site`, `-Mode` and `-Dest`. Scripts cannot set them. */
  readonly fetchSite: string | null;
  readonly fetchMode: string | null;
  readonly fetchDest: string | null;
}

/** What a server takes for its own. */
export interface SiteRules {
  /** Of the server: a loopback name must be given with this port. */
  readonly port: number;
  /** Further hosts, with their port unless it is that of the scheme: `cache.example.org`, `engine.example.org:4000`. */
  readonly hosts: readonly string[];
  /**
   * Whether other machines may reach the server. Then any IP address is an own host, with any port, because a container's port may be mapped; rebinding needs a name.
   */
  readonly isPublic: boolean;
  /** Origins of other servers whose pages may call this one. */
  readonly origins: readonly string[];
}

/** Why a request is refused. */
export type SiteRefusal = 'host' | 'origin' | 'cross-site';

/** Null if the request is welcome. */
export function siteRefusal(site: RequestSite, rules: SiteRules): SiteRefusal | null {
  const host = site.host?.toLowerCase() ?? '';
  if (!isOwnHost(host, rules)) return 'host';
  if (site.origin !== null) return isWelcomeOrigin(site.origin, host, rules) ? null : 'origin';
  return isFromElsewhere(site) && !isNavigation(site) ? 'cross-site' : null;
}

const hostPattern = /^(?<name>\[[0-9a-f:.]+\]|[^\s:/@?#\\[\]]+)(?::(?<port>\d{1,5}))?$/;
const loopbackName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const addressName = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;
const standardPort = 80;

function isOwnHost(host: string, rules: SiteRules): boolean {
  if (rules.hosts.some((each) => each.toLowerCase() === host)) return true;
  const { name = '', port = String(standardPort) } = hostPattern.exec(host)?.groups ?? {};
  const isLoopback = loopbackName.test(name);
  if (rules.isPublic) return isLoopback || addressName.test(name);
  return isLoopback && Number(port) === rules.port;
}

/** The scheme is not compared: a proxy may speak https for the server. */
function isWelcomeOrigin(origin: string, host: string, { origins }: SiteRules): boolean {
  if (origins.includes(origin)) return true;
  return /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).host === withoutStandardPort(host);
}

function withoutStandardPort(host: string): string {
  return host.replace(/:(?:80|443)$/, '');
}

function isFromElsewhere({ fetchSite }: RequestSite): boolean {
  return fetchSite === 'cross-site' || fetchSite === 'same-site';
}

/** A link on another site's page may open one of ours: that page learns nothing of the answer. A frame is not opened. */
function isNavigation({ method, fetchMode, fetchDest }: RequestSite): boolean {
  return method === 'GET' && fetchMode === 'navigate' && fetchDest === 'document';
}

/** The headers of a request by their lower-case names, of Node or of the Fetch API. */
export function requestSiteOf(method: string, header: (name: string) => string | null | undefined): RequestSite {
  const value = (name: string): string | null => header(name) ?? null;
  return {
    method,
    host: value('host'),
    origin: value('origin'),
    fetchSite: value('sec-fetch-site'),
    fetchMode: value('sec-fetch-mode'),
    fetchDest: value('sec-fetch-dest'),
  };
}
