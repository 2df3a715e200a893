/**
 * The text of a Markdown description, for a place of two lines: marks, links and pictures fall away. It is shown as text, so
 * nothing in it can become more than that; `markdown.tsx` shows the whole.
 */
export function plainText(markdown: string, maxLength = 400): string {
  return markdown
    .slice(0, maxLength * 4)
    .replace(/```[^`]*```|<[^>]{0,200}>/g, ' ')
    .replace(/!\[[^\]]{0,200}\]\((?:[^()]|\([^()]{0,200}\)){0,500}\)/g, ' ')
    .replace(/\[([^\]]{0,200})\]\((?:[^()]|\([^()]{0,200}\)){0,500}\)/g, '$1')
    .replace(/^[ \t]{0,3}(?:#{1,6}|>|[-*+]|\d{1,9}[.)])[ \t]+/gm, '')
    .replace(/(\*\*|__|~~|`)/g, '')
    .replace(/(^|\s)[*_](\S[^*_\n]*)[*_](?=\W|$)/g, '$1$2')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, maxLength);
}
