import type { RevocationMode } from '@jami-plugin-store/trust';
import type { PackageFacts, PackageImage } from '../catalog/package-facts.js';
import type { JudgedPackage } from './judge-package-file.js';
import type { TakenImage } from './read-image.js';

/** A judged package as the catalog keeps it. */
export function factsOf(judged: JudgedPackage, revocation: RevocationMode): PackageFacts {
  const { plugin, sha256, size, platforms, contentSha256, expiresAt, texts, categories, icon, background } =
    judged;
  return {
    sha256,
    size,
    id: plugin.id,
    version: plugin.version,
    publisher: plugin.publisher,
    anchor: plugin.anchor.certificate.fingerprint,
    revocation,
    platforms,
    files: plugin.files,
    contentSha256,
    expiresAt,
    texts,
    categories,
    icon: imageOf(icon),
    background: imageOf(background),
    path: plugin.path,
  };
}

function imageOf(image: TakenImage | undefined): PackageImage | undefined {
  if (image === undefined) return undefined;
  const { entry, sha256, bytes, mediaType } = image;
  return { entry, sha256, size: bytes.length, mediaType };
}
