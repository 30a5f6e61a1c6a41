/**
 * Indents JSON text without parsing it, so that numbers keep all their digits and text that was cut in the middle is
 * still shown up to the cut.
 */
export function indentJson(text: string): string {
  let depth = 0;
  let out = '';
  for (const token of text.match(tokens) ?? []) {
    if (closing.has(token)) depth = Math.max(0, depth - 1);
    if (opening.has(token)) depth += 1;
    out += spaced(token, `\n${'  '.repeat(depth)}`);
  }
  return out.replaceAll(emptyBrackets, '$1$2');
}

const opening = new Set(['{', '[']);
const closing = new Set(['}', ']']);

/** The token with its whitespace; `lineBreak` includes the indentation after the token. */
function spaced(token: string, lineBreak: string): string {
  if (opening.has(token) || token === ',') return token + lineBreak;
  if (closing.has(token)) return lineBreak + token;
  return token === ':' ? ': ' : token;
}

/** A string (the last one may be cut), a punctuation mark, or anything else up to the next of them, without whitespace. */
const tokens = /"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/gs;
const emptyBrackets = /([{[])\n\s*\n\s*([}\]])/g;
