/** Formats every client can draw, told by their bytes and never by their name. */
export type ImageMediaType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/svg+xml';

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

/** The format of an image by its first bytes; undefined = not one the store serves. */
export function imageMediaTypeOf(bytes: Buffer): ImageMediaType | undefined {
  if (bytes.subarray(0, 8).equals(pngSignature)) return 'image/png';
  if (bytes.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff))) return 'image/jpeg';
  const ascii = bytes.subarray(0, 12).toString('latin1');
  if (ascii.startsWith('GIF87a') || ascii.startsWith('GIF89a')) return 'image/gif';
  if (ascii.startsWith('RIFF') && ascii.endsWith('WEBP')) return 'image/webp';
  return isSvg(bytes) ? 'image/svg+xml' : undefined;
}

/** What may stand before an SVG's root element. A document type that defines entities is not let through. */
const xmlPrologue =
  /^(?:\s+|<\?[^>]{0,1000}\?>|<!--(?:[^-]|-(?!->)){0,20000}-->|<!DOCTYPE\s+svg\b[^>[]{0,1000}>)/;
const svgRoot = /^<svg(?=[\s/>])[^>]{0,20000}\sxmlns\s*=\s*(["'])http:\/\/www\.w3\.org\/2000\/svg\1/;

function isSvg(bytes: Buffer): boolean {
  if (bytes[0] !== 0x3c && bytes[0] !== 0xef && !isXmlSpace(bytes[0])) return false;
  let rest: string;
  try {
    rest = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return false;
  }
  for (let step = 0; step < 100; step += 1) {
    const found = xmlPrologue.exec(rest);
    if (found === null) break;
    rest = rest.slice(found[0].length);
  }
  return svgRoot.test(rest);
}

function isXmlSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
