/**
 * `node image-main.js ORDER`: decodes the image on stdin and writes it anew, smaller where it must be, to stdout: one line of JSON
 * ({@link ImageReport}), then the bytes. A process of its own, because decoders of images are native code and the bytes are a stranger's.
 */
import sharp from 'sharp';
import { type ImageOrder, type ImageReport, imageExit } from './image-order.js';

const order = JSON.parse(process.argv[2] ?? '') as ImageOrder;

/** How often memory is looked at; decoding is on threads of its own, so this one is free to look. */
const watchMs = 10;

// Every other decoder of the library (SVG, TIFF, PDF, …) is never reached, whatever the bytes look like.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'],
});
sharp.cache(false);
sharp.concurrency(1);

function leave(code: number, why: string): never {
  process.stderr.write(`${why.slice(0, 300)}\n`);
  process.exit(code);
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Encoded {
  readonly bytes: Buffer;
  readonly report: ImageReport;
}

async function encode(source: Buffer): Promise<Encoded> {
  // Only the first picture of an animation; the text of the error says what the decoder did not like.
  const image = sharp(source, { limitInputPixels: order.maxPixels, failOn: 'error', pages: 1 });
  const { format, hasAlpha } = await image.metadata();
  const { data, info } = await image
    .autoOrient()
    .resize({ width: order.maxWidth, height: order.maxHeight, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const pixels = () => sharp(data, { raw: { width, height, channels } });
  const kinds: (() => Promise<[Buffer, ImageReport['mediaType']]>)[] = [
    async () => [await pixels().png({ compressionLevel: 9 }).toBuffer(), 'image/png'],
  ];
  const asJpeg = async (): Promise<[Buffer, 'image/jpeg']> => [
    await pixels().jpeg({ quality: 85 }).toBuffer(),
    'image/jpeg',
  ];
  if (hasAlpha) kinds.push(async () => [await pixels().webp({ quality: 85 }).toBuffer(), 'image/webp']);
  // A photograph stays one; a drawing becomes one only where it would be too large.
  else if (format === 'jpeg') kinds.unshift(asJpeg);
  else kinds.push(asJpeg);
  for (const kind of kinds) {
    const [bytes, mediaType] = await kind();
    if (bytes.length <= order.maxOutputBytes) return { bytes, report: { mediaType, width, height } };
  }
  return leave(imageExit.tooLarge, `no form of it has less than ${order.maxOutputBytes} bytes`);
}

setInterval(() => {
  const { rss } = process.memoryUsage();
  if (rss > order.maxRssBytes) leave(imageExit.tooMuchMemory, `${rss} bytes of memory`);
}, watchMs).unref();

try {
  const { bytes, report } = await encode(await readStdin());
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.stdout.write(bytes);
} catch (error) {
  leave(imageExit.refused, error instanceof Error ? error.message : String(error));
}
