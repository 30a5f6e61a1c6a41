/**
 * Indents JSON text without parsing it, so that no number loses a digit on its way to the screen and text that was cut
 * in the middle is still shown as far as it goes.
 */
export function indentJson(text: string): string {
  let depth = 0;
  let out = '';
  for (const token of text.match(tokens) ?? []) {
    const opens = token === '{' || token === '[';
    const closes = token === '}' || token === ']';
    if (opens) depth += 1;
    if (closes) depth = Math.max(0, depth - 1);
    if (opens || token === ',') out += `${token}\n${'  '.repeat(depth)}`;
    else if (closes) out += `\n${'  '.repeat(depth)}${token}`;
    else if (token === ':') out += ': ';
    else out += token;
  }
  return out.replaceAll(emptyBrackets, '$1$2');
}

/** A string (the last one may be cut), a mark, or anything else up to the next of them; blanks between are dropped. */
const tokens = /"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/gs;
const emptyBrackets = /([{[])\n\s*\n\s*([}\]])/g;
