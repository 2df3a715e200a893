import type { StorePlugin } from '@jami-plugin-store/contract';
import type { Offer } from '../catalog/read-offers.js';
import type { ShownTexts } from '../catalog/shown-texts.js';

/** The object Jami's client reads: keys, order and types of its own store. */
export function storePluginOf(
  id: string,
  {
    version,
    publisherName,
    icon,
    background,
    publishedAt,
  }: Pick<Offer, 'version' | 'publisherName' | 'icon' | 'background' | 'publishedAt'>,
  texts: ShownTexts | undefined,
): StorePlugin {
  return {
    id,
    name: texts?.name ?? '',
    version,
    description: texts?.description ?? '',
    author: publisherName,
    iconPath: icon?.entry ?? '',
    backgroundPath: background?.entry ?? '',
    timestamp: new Date(publishedAt).toISOString(),
  };
}
