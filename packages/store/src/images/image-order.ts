/** What an image is wanted for; decides how large it may become. */
export type ImagePurpose = 'icon' | 'background';

/** One image's bounds, handed to the process that decodes it. Pixels, bytes. */
export interface ImageOrder {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** Of the source, before it is decoded. */
  readonly maxPixels: number;
  readonly maxOutputBytes: number;
  /** Resident memory at which the process gives up by itself. */
  readonly maxRssBytes: number;
}

/** What the decoding process says before the bytes of its result, on one line. */
export interface ImageReport {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp';
  readonly width: number;
  readonly height: number;
}

/** Exit codes of the decoding process; any other end is one from outside (killed, out of memory). */
export const imageExit = { refused: 3, tooMuchMemory: 4, tooLarge: 5 } as const;
