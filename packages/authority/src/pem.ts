/** RFC 7468 text of one block: 64 characters a line. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The DER of each block of one of these labels, in order; `undefined` where a block is not closed or not base64. */
export function fromPem(text: string, labels: readonly string[]): Buffer[] | undefined {
  const blocks: Buffer[] = [];
  let label: string | undefined;
  let body = '';
  for (const line of text.split(/\r?\n/)) {
    const marker = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----[ \t]*$/.exec(line);
    if (marker?.[1] === 'BEGIN') {
      if (label !== undefined) return undefined;
      label = marker[2];
      body = '';
    } else if (marker !== null) {
      if (label === undefined || marker[2] !== label) return undefined;
      const der = strictBase64(body);
      if (der === undefined) return undefined;
      if (labels.includes(label)) blocks.push(der);
      label = undefined;
    } else if (label !== undefined) {
      body += line.trim();
    }
  }
  return label === undefined ? blocks : undefined;
}

/** Base64 with its padding and nothing else (RFC 4648 3.3, 3.5); `undefined` when it is not. */
export function strictBase64(text: string): Buffer | undefined {
  if (text.length === 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
