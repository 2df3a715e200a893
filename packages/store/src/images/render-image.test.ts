import { randomBytes } from 'node:crypto';
import { deflateSync, crc32 as zlibCrc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../error.js';
import { imageMediaTypeOf } from './image-kind.js';
import { createImageRenderer, type ImageLimits } from './render-image.js';

const renderer = createImageRenderer();

/** The reason for which an image is refused. */
async function refusal(source: Buffer, limits?: Partial<ImageLimits>): Promise<string> {
  const error = await (limits === undefined ? renderer : createImageRenderer(limits))
    .render(source, 'icon')
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  if (!(error instanceof StoreError)) return '';
  expect(error.code).toBe('IMAGE_REFUSED');
  return error.message;
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(zlibCrc32(body));
  return Buffer.concat([length, body, crc]);
}

/** A grey PNG written by hand: its rows are `rows` bytes of zeros, whatever its header says. */
function pngByHand(width: number, height: number, rows: number, extra: Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...extra,
    chunk('IDAT', deflateSync(Buffer.alloc(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const flat = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 30, b: 60, alpha: 0.5 } } });

describe('an image of a package', () => {
  test('is encoded anew, no larger than it is shown, and keeps its shape', async () => {
    const icon = await renderer.render(await flat(1024, 512).png().toBuffer(), 'icon');
    expect(icon.mediaType).toBe('image/png');
    expect(await sharp(icon.bytes).metadata()).toMatchObject({ format: 'png', width: 512, height: 256 });
    const photo = await renderer.render(await flat(4000, 3000).jpeg().toBuffer(), 'background');
    expect(photo.mediaType).toBe('image/jpeg');
    expect(await sharp(photo.bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1440, height: 1080 });
    const small = await renderer.render(await flat(20, 10, 4).webp().toBuffer(), 'icon');
    expect(await sharp(small.bytes).metadata()).toMatchObject({ width: 20, height: 10, hasAlpha: true });
  });

  test('carries nothing over that is no picture: metadata, and what hangs behind the end', async () => {
    const described = flat(64, 32)
      .withExif({ IFD0: { Copyright: 'where I live' } })
      .jpeg();
    const polyglot = Buffer.concat([
      await described.toBuffer(),
      Buffer.from('<script>alert(document.domain)</script>'),
    ]);
    const { bytes } = await renderer.render(polyglot, 'icon');
    expect(bytes.includes('where I live')).toBe(false);
    expect(bytes.includes('<script>')).toBe(false);
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
  });

  test('stands upright as its camera meant it', async () => {
    const turned = await flat(64, 32).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { bytes } = await renderer.render(turned, 'icon');
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 32, height: 64 });
  });

  test('an animation is its first picture', async () => {
    const frames = Buffer.concat([Buffer.alloc(64 * 64 * 3, 250), Buffer.alloc(64 * 64 * 3, 5)]);
    const animation = await sharp(frames, { raw: { width: 64, height: 128, channels: 3, pageHeight: 64 } })
      .gif()
      .toBuffer();
    expect((await sharp(animation).metadata()).pages).toBe(2);
    const { bytes, mediaType } = await renderer.render(animation, 'icon');
    expect([mediaType, imageMediaTypeOf(bytes)]).toEqual(['image/png', 'image/png']);
    expect(await sharp(bytes).metadata()).toMatchObject({ height: 64 });
  });

  test('an SVG stays the text it is', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>');
    expect(await renderer.render(svg, 'icon')).toEqual({ bytes: svg, mediaType: 'image/svg+xml' });
  });

  test('a noisy one that no lossless form makes small enough is made small by another', async () => {
    const raw = { raw: { width: 1200, height: 800, channels: 3 as const } };
    const source = await sharp(randomBytes(1200 * 800 * 3), raw)
      .webp({ quality: 60 })
      .toBuffer();
    const { bytes, mediaType } = await renderer.render(source, 'background');
    expect([mediaType, bytes.length < 2 * 1024 * 1024]).toEqual(['image/jpeg', true]);
  });
});

describe('is refused', () => {
  test('what is no image that every client draws, without a process being started', async () => {
    expect(await refusal(Buffer.from('II*\0 a TIFF'))).toContain('no PNG');
    expect(await refusal(Buffer.alloc(5 * 1024 * 1024))).toContain('more than 4194304 bytes');
  });

  test('a bomb of pixels: 200 KB that would be 900 million of them', async () => {
    const bomb = pngByHand(30_000, 30_000, 30_000 * 5_000);
    expect(bomb.length).toBeLessThan(200_000);
    expect(await refusal(bomb)).toMatch(/pixel/i);
  });

  test('a bomb in a text chunk that unpacks to 100 MB', async () => {
    const text = Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(16 * 1024 * 1024))]);
    const chunks = Array.from({ length: 6 }, () => chunk('zTXt', text));
    const before = process.memoryUsage().rss;
    const source = pngByHand(8, 8, 8 * 9, chunks);
    // Either the decoder skips such chunks or it refuses them: what counts is that nothing of it arrives here.
    await renderer.render(source, 'icon').then(
      ({ bytes }) => expect(bytes.length).toBeLessThan(10_000),
      (error) => expect(error).toMatchObject({ code: 'IMAGE_REFUSED' }),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test.each([
    ['rows are missing', pngByHand(64, 64, 100)],
    ['cut off', pngByHand(64, 64, 64 * 65).subarray(0, 60)],
    ['only a signature', Buffer.from('89504e470d0a1a0a', 'hex')],
    ['a JPEG of two bytes and a marker', Buffer.from('ffd8ffd9', 'hex')],
    ['a GIF without a screen', Buffer.from('GIF89a')],
    ['a WebP that claims four gigabytes', Buffer.from('52494646ffffffff574542505650382effffffff', 'hex')],
  ])('a broken one: %s', async (_, source) => {
    expect(await refusal(source)).toMatch(/cannot be decoded|ended its process/);
  });

  test('one that takes too long, too much memory of its own counting, or more than the system lets it have', async () => {
    // Interlaced: it must be unpacked whole, 64 MiB of it.
    const large = await flat(4096, 4096, 4).png({ progressive: true }).toBuffer();
    expect(await refusal(large, { timeMs: 20 })).toContain('more than 20 ms');
    expect(await refusal(large, { maxRssBytes: 20 * 1024 * 1024 })).toContain('too much memory');
    if (process.platform === 'linux')
      expect(await refusal(large, { dataBytes: 160 * 1024 * 1024 })).toContain('out of memory');
  });
});

test('one that is given up ends its process, and others have their turn', async () => {
  const one = createImageRenderer({ atOnce: 1 });
  const large = await flat(2000, 2000).png().toBuffer();
  const stop = new AbortController();
  const given = one.render(large, 'icon', stop.signal);
  const [next] = [one.render(await flat(8, 8).png().toBuffer(), 'icon')];
  stop.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  expect((await next).mediaType).toBe('image/png');
});
