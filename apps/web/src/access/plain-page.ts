import { createHash } from 'node:crypto';
import { type Theme, themeCookie, themeOf } from '../components/shell/theme.ts';

/**
 * Pages for browsers that are not let in: complete documents without scripts, fonts and data, which need nothing of the console. The
 * policy allows this one style sheet and forms to the console itself.
 */
export interface PlainPage {
  readonly title: string;
  /** HTML. */
  readonly content: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The colours are those of `globals.css`. */
const style = `:root{color-scheme:light dark;--bg:light-dark(#fbfbfa,#131413);--panel:light-dark(#fff,#1a1b1a);--line:light-dark(#e6e5e1,#2c2e2c);--field:light-dark(#8b8981,#737671);--ink:light-dark(#1b1b1a,#ecebe7);--ink-2:light-dark(#55544f,#b3b2ab);--accent:light-dark(#0f6e56,#4cc29b);--accent-hover:light-dark(#0b5a46,#63d1ad);--accent-ink:light-dark(#fff,#08241b);--bad:light-dark(#b42318,#f08a80);--bad-soft:light-dark(#fdeae8,#3b1a17);--focus:light-dark(#1d5fbf,#7fb0f5)}
:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
*{box-sizing:border-box}html{font-size:87.5%}
body{margin:0;min-height:100dvh;display:grid;place-items:center;padding:1rem;background:var(--bg);color:var(--ink);font:1rem/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
main{width:100%;max-width:26rem;padding:1.7rem;background:var(--panel);border:1px solid var(--line);border-radius:8px}
h1{margin:0 0 .4rem;font-size:1.43rem;line-height:1.25}p{margin:0 0 1rem;color:var(--ink-2)}
label{display:block;margin-bottom:.3rem;font-weight:600}
input{width:100%;min-height:2.4rem;padding:.4rem .6rem;border:1px solid var(--field);border-radius:6px;background:var(--bg);color:var(--ink);font:inherit}
button{margin-top:1rem;min-height:2.4rem;padding:.4rem 1rem;border:0;border-radius:6px;background:var(--accent);color:var(--accent-ink);font:inherit;font-weight:600;cursor:pointer}
button:hover{background:var(--accent-hover)}
[role=alert]{padding:.6rem .8rem;border-radius:6px;background:var(--bad-soft);color:var(--bad)}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}`;

const styleHash = createHash('sha256').update(style).digest('base64');
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** The page in the theme that the browser has chosen. `cookies`: its `Cookie` header. */
export function plainPage({ title, content, status, headers = {} }: PlainPage, cookies: string | null): Response {
  const theme = chosenTheme(cookies);
  const attribute = theme === 'system' ? '' : ` data-theme="${theme}"`;
  const page = `<!doctype html>
<html lang="en"${attribute}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · EMCachers</title><style>${style}</style></head>
<body><main>${content}</main></body></html>`;
  const own = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  };
  return new Response(page, { status, headers: { ...own, ...headers } });
}

function chosenTheme(cookies: string | null): Theme {
  return themeOf(new RegExp(`(?:^|; *)${themeCookie}=(\\w+)`).exec(cookies ?? '')?.[1]);
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
