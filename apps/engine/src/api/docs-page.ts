import { errorCodes } from '@emcachers/core/error-codes';
import type { Operation } from './operation.ts';
import type { NamedOperation } from './operations.ts';

/** The API reference page. It uses no scripts and no external resources, so it also works offline. */
export function docsPage(document: Record<string, unknown>, rows: readonly NamedOperation[]): string {
  const sections = rows.map(({ operation }) => sectionOf(operation, document)).join('\n');
  const contents = rows
    .map(({ operation: { rest } }) => `<li><a href="#${rest.operationId}">${callOf(rest)}</a></li>`)
    .join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>EMCachers REST API</title><style>${css}</style></head>
<body><main><h1>EMCachers REST API</h1>
<p>Machine-readable version: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).
Errors are problem documents (RFC 9457) with <code>code</code>, <code>detail</code>, <code>hint</code> and
<code>correlationId</code>; <code>errors</code> lists the invalid fields.</p>
<nav aria-label="Calls"><ul>${contents}</ul></nav>
${sections}
<section><h2>Errors</h2>
${catalogue()}</section></main></body></html>`;
}

function catalogue(): string {
  return Object.entries(errorCodes)
    .map(
      ([code, { title, cause, remedy, httpStatus }]) =>
        `<h3 id="${code}"><code>${code}</code> ${escapeHtml(title)} (${httpStatus})</h3>
<p>${escapeHtml(cause)} ${escapeHtml(remedy)}</p>`,
    )
    .join('\n');
}

function callOf({ method, path }: Operation['rest']): string {
  return `<code>${method} ${escapeHtml(path)}</code>`;
}

function sectionOf({ rest, errors }: Operation, document: Record<string, unknown>): string {
  const described = lookUp(document, ['paths', rest.path, rest.method.toLowerCase()]);
  const body = lookUp(described, ['requestBody', 'content', 'application/json', 'schema']);
  const answer = lookUp(described, ['responses', String(rest.status), 'content', 'application/json', 'schema']);
  const parameters = lookUp(described, ['parameters']);
  return `<section id="${rest.operationId}"><h2>${callOf(rest)}</h2>
<p>${escapeHtml(rest.summary)}</p>
${details('Parameters', parameters)}${details('Body', body)}${details(`Response ${rest.status}`, answer)}
<p>Possible errors: ${['EMC-5001', ...errors].map((code) => `<a href="#${code}"><code>${code}</code></a>`).join(', ')}.</p></section>`;
}

function details(label: string, schema: unknown): string {
  if (schema === undefined) return '';
  return `<details><summary>${label}</summary><pre tabindex="0">${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`;
}

function lookUp(value: unknown, path: readonly string[]): unknown {
  let found: unknown = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([name]) => name === key)?.[1];
  }
  return found;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const css = `:root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}
main{max-width:54rem;margin:0 auto;padding:2rem 1rem}h1{font-size:20px}h2{font-size:15px;margin-top:2.5rem}h3{font-size:14px}
ul{padding-left:1.2rem}code,pre{font-family:ui-monospace,monospace;font-size:13px}
pre{overflow:auto;padding:.75rem;border:1px solid color-mix(in srgb,currentColor 20%,transparent);border-radius:6px}
summary{cursor:pointer;padding:.25rem 0}`;
