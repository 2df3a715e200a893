import type { StorePlugin } from '@jami-plugin-store/contract';
import { type Offer, readOffers, readOffersOf } from '../catalog/read-offers.js';
import { readShownTexts } from '../catalog/shown-texts.js';
import type { StoreDatabase } from '../database/database.js';
import { Turns } from '../database/turns.js';
import { isOfNow } from './answer-age.js';
import { chooseLanguage } from './language-preference.js';
import { type ListedPlugin, ListingSegments } from './listing-segments.js';
import type { TimedBody } from './prepared-body.js';
import { storePluginOf } from './store-plugin.js';

/** What may be held of all listings together. */
export interface ListingLimits {
  readonly maxListings: number;
  readonly maxBytes: number;
}

const defaultLimits: ListingLimits = { maxListings: 256, maxBytes: 256 * 1024 * 1024 };

/** With more plugins changed than this, a listing is made anew. */
const maxChanged = 2_000;

interface Listing {
  readonly platform: string;
  readonly languages: readonly string[];
  /** Plugins that have changed since they were last read. */
  changed: Set<number>;
  made: Promise<Made> | undefined;
}

interface Made extends TimedBody {
  readonly segments: ListingSegments;
}

/**
 * Jami's listings, one for each platform and order of languages: made out of the database once, then kept up with it plugin by plugin. What was
 * used least goes first.
 */
export class Listings {
  readonly #database: StoreDatabase;
  readonly #limits: ListingLimits;
  /** Least recently used first. */
  readonly #held = new Map<string, Listing>();
  readonly #weights = new Map<Listing, number>();
  /** One is made at a time: each may be as long as the catalog. */
  readonly #turns = new Turns();

  constructor(database: StoreDatabase, limits: Partial<ListingLimits> = {}) {
    this.#database = database;
    this.#limits = { ...defaultLimits, ...limits };
  }

  async get(platform: string, languages: readonly string[], at: number): Promise<TimedBody> {
    const key = `${platform} ${languages.join()}`;
    const listing = this.#held.get(key) ?? { platform, languages, changed: new Set(), made: undefined };
    this.#held.delete(key);
    this.#held.set(key, listing);
    const made = await this.#current(listing, at).catch((error: unknown) => {
      this.#drop(key, listing);
      throw error;
    });
    if (this.#held.get(key) === listing) {
      // Names that nothing is offered for must not crowd out the others.
      if (made.segments.size === 0) this.#drop(key, listing);
      else this.#weights.set(listing, made.body.weight);
      this.#shrink();
    }
    return made;
  }

  /** Notes that something of a plugin has changed. */
  note(plugin: number): void {
    for (const [key, listing] of this.#held) {
      listing.changed.add(plugin);
      // Nobody asks for it, and it would have to be made anew.
      if (listing.changed.size > maxChanged) this.#drop(key, listing);
    }
  }

  clear(): void {
    this.#held.clear();
    this.#weights.clear();
  }

  async #current(listing: Listing, at: number): Promise<Made> {
    for (;;) {
      listing.made ??= this.#turns.take(() => this.#make(listing, at));
      const { made } = listing;
      const known = await made.catch((error: unknown) => {
        if (listing.made === made) listing.made = undefined;
        throw error;
      });
      const isTrue = isOfNow(known.since, at) && at < known.until && listing.changed.size === 0;
      if (isTrue) return known;
      // Whoever comes first brings it up to date, the others wait for that.
      if (listing.made === made)
        listing.made = this.#turns.take(() => this.#bringUpToDate(listing, known, at));
    }
  }

  async #make(listing: Listing, at: number): Promise<Made> {
    // Changes from here on may or may not have been read.
    listing.changed = new Set();
    const listed: ListedPlugin[] = [];
    for await (const page of readOffers(this.#database.queries, listing.platform, at))
      listed.push(...(await this.#listedOf(listing, page)));
    return await madeOf(ListingSegments.of(listed), at);
  }

  async #bringUpToDate(listing: Listing, known: Made, at: number): Promise<Made> {
    const { changed, platform } = listing;
    if (!isOfNow(known.since, at) || changed.size > maxChanged) return await this.#make(listing, at);
    listing.changed = new Set();
    try {
      const offers = await readOffersOf(this.#database.queries, platform, [...changed], at);
      const listed = await this.#listedOf(listing, offers);
      return await madeOf(known.segments.with(changed, listed, at), at);
    } catch (error) {
      for (const plugin of changed) listing.changed.add(plugin);
      throw error;
    }
  }

  async #listedOf({ languages }: Listing, offers: readonly Offer[]): Promise<ListedPlugin[]> {
    const chosen = new Map(
      offers.map((offer) => [offer.package, chooseLanguage(languages, offer.languages)]),
    );
    const texts = await readShownTexts(this.#database.queries, chosen);
    return offers.map((offer) => {
      const plugin: StorePlugin = storePluginOf(offer.id, offer, texts.get(offer.package));
      const { plugin: number, package: ofPackage, publishedAt, expiresAt } = offer;
      return {
        plugin: number,
        package: ofPackage,
        publishedAt,
        expiresAt,
        language: chosen.get(ofPackage) ?? '',
        json: Buffer.from(JSON.stringify(plugin)),
      };
    });
  }

  #shrink(): void {
    let bytes = [...this.#weights.values()].reduce((sum, weight) => sum + weight, 0);
    for (const [key, listing] of this.#held) {
      if (this.#held.size <= this.#limits.maxListings && bytes <= this.#limits.maxBytes) return;
      // The one just asked for stays, however long it is: there is no shorter way to answer.
      if (this.#held.size === 1) return;
      bytes -= this.#weights.get(listing) ?? 0;
      this.#drop(key, listing);
    }
  }

  #drop(key: string, listing: Listing): void {
    if (this.#held.get(key) === listing) this.#held.delete(key);
    this.#weights.delete(listing);
  }
}

async function madeOf(segments: ListingSegments, since: number): Promise<Made> {
  return { segments, body: await segments.prepare(), since, until: segments.until };
}
