/** Formats a page draws, told by their bytes alone: whatever the store or a name calls them. */
type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/svg+xml';

const signatures: readonly (readonly [ImageType, RegExp])[] = [
  ['image/png', /^\x89PNG\r\n[\s\S]\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
  // Sent sandboxed and drawn as a picture, where nothing in it runs or loads.
  ['image/svg+xml', /^(?:\xef\xbb\xbf)?\s*<(?:svg[\s>]|\?xml[\s\S]*?<svg[\s>]|!--[\s\S]*?<svg[\s>])/],
];
const lookAtBytes = 16 * 1024;

/** Undefined: not a picture that is handed to a page. */
export function imageTypeOf(bytes: Buffer): ImageType | undefined {
  const head = bytes.subarray(0, lookAtBytes).toString('latin1');
  return signatures.find(([, signature]) => signature.test(head))?.[0];
}
