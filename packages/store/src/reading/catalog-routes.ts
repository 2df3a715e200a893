import {
  CatalogOrganization,
  CatalogPage,
  CatalogQuery,
  CategoryList,
  CategoryQuery,
  catalogPaths,
  Feed,
  FeedQuery,
  PluginStatistics,
  StatisticsQuery,
  StoreInfo,
  StorePluginFacts,
  UpdateAnswer,
  UpdateQuestion,
} from '@jami-plugin-store/contract';
import type { FastifyRequest } from 'fastify';
import { readFeed } from '../audit/feed.js';
import type { StoreDatabase } from '../database/database.js';
import { databaseFailureOf } from '../database/database-failure.js';
import { wantedCoding } from '../serving/content-coding.js';
import { prepareJson } from '../serving/prepared-body.js';
import { digestOf, pluginIdOf } from '../serving/route-input.js';
import { sendPrepared, sendUnkept } from '../serving/send.js';
import { categoryList } from './category-list.js';
import type { HeldAnswers, MakeValue } from './held-answers.js';
import { organizationFacts } from './organization.js';
import { pluginFacts } from './plugin-facts.js';
import { pluginStatistics } from './plugin-statistics.js';
import {
  bodyReader,
  noQuery,
  pluginIdParameter,
  queryReader,
  type ReadingOperation,
  type ReadingRoute,
  sha256Parameter,
} from './reading-route.js';
import { searchPage } from './search-page.js';
import { type FixedFacts, storeFacts } from './store-facts.js';
import { updatesFor } from './updates.js';

export interface CatalogRoutesOptions {
  readonly database: StoreDatabase;
  readonly answers: HeldAnswers;
  readonly clock: () => Date;
  readonly info: FixedFacts;
}

const badQuery = ['PARAMETER_UNKNOWN', 'PARAMETER_MALFORMED'] as const;

/** Largest `POST /v1/updates`: 1000 plugins whose every member is as long as it may be. */
const maxQuestionBytes = 512 * 1024;

/** The documented reading API: search, plugins, updates, history. */
export function catalogRoutes({ database, answers, clock, info }: CatalogRoutesOptions): ReadingRoute[] {
  const { queries } = database;

  /** A GET whose answer depends on the parameters, the languages wanted and the store. */
  function reading<Query>(route: {
    readonly path: string;
    readonly operation: ReadingOperation;
    readonly read: (request: FastifyRequest) => Query;
    readonly make: (asked: Query, acceptLanguage: string | undefined) => MakeValue;
  }): ReadingRoute {
    const { path, operation, read, make } = route;
    return {
      path,
      operation,
      async handle(request, reply) {
        const asked = read(request);
        const languages = request.headers['accept-language']?.slice(0, maxLanguageCharacters);
        const key = JSON.stringify([path, asked, languages ?? '']);
        return sendPrepared(
          request,
          reply,
          await made(
            answers.json(key, wantedCoding(request.headers['accept-encoding']), make(asked, languages)),
          ),
        );
      },
    };
  }

  const readSearch = queryReader(CatalogQuery);
  const readCategoryQuery = queryReader(CategoryQuery);
  const readDays = queryReader(StatisticsQuery);
  const readFeedQuery = queryReader(FeedQuery);
  const readNone = queryReader(noQuery);
  const readQuestion = bodyReader(UpdateQuestion);
  const idOf = (request: FastifyRequest): string => pluginIdOf((request.params as { id: unknown }).id);

  return [
    reading({
      path: catalogPaths.store,
      operation: {
        summary: 'What this store is: its name, its roots, how many plugins it offers',
        tag: 'catalog',
        answer: StoreInfo,
        refusals: badQuery,
      },
      read: readNone,
      make: () => async () => ({ value: await storeFacts(queries, info) }),
    }),
    reading({
      path: catalogPaths.plugins,
      operation: {
        summary:
          'Searches: by words, platform, category and organization, in one of four orders, page by page',
        tag: 'catalog',
        query: CatalogQuery,
        answer: CatalogPage,
        refusals: badQuery,
      },
      read: readSearch,
      make: (query, acceptLanguage) => async (at) => {
        const { page, languages } = await searchPage(database, query, acceptLanguage, at);
        return { value: page, languages };
      },
    }),
    reading({
      path: '/v1/plugins/:id',
      operation: {
        summary:
          'One plugin: its publisher, all its versions with changelogs and certificates, what is offered where',
        tag: 'catalog',
        params: { id: pluginIdParameter },
        answer: StorePluginFacts,
        refusals: [...badQuery, 'PLUGIN_ID_MALFORMED', 'PLUGIN_NOT_FOUND'],
      },
      read: (request) => ({ id: idOf(request), ...readNone(request) }),
      make:
        ({ id }, acceptLanguage) =>
        async (at) => {
          const { facts, languages } = await pluginFacts(queries, id, acceptLanguage, at);
          return { value: facts, languages };
        },
    }),
    reading({
      path: '/v1/plugins/:id/statistics',
      operation: {
        summary: 'Downloads of a plugin, a day; counted without keeping addresses',
        tag: 'catalog',
        params: { id: pluginIdParameter },
        query: StatisticsQuery,
        answer: PluginStatistics,
        refusals: [...badQuery, 'PLUGIN_ID_MALFORMED', 'PLUGIN_NOT_FOUND'],
      },
      read: (request) => ({ id: idOf(request), ...readDays(request) }),
      make:
        ({ id, days = 30 }) =>
        async (at) => ({
          value: await pluginStatistics(queries, id, days, at),
        }),
    }),
    reading({
      path: catalogPaths.categories,
      operation: {
        summary: 'Categories in use, for a platform or for any',
        tag: 'catalog',
        query: CategoryQuery,
        answer: CategoryList,
        refusals: badQuery,
      },
      read: readCategoryQuery,
      make:
        ({ platform }) =>
        async (at) => ({ value: await categoryList(queries, platform, at) }),
    }),
    reading({
      path: '/v1/organizations/:id',
      operation: {
        summary: 'An organization that publishes here; its plugins by a search with "organization"',
        tag: 'catalog',
        params: { id: sha256Parameter },
        answer: CatalogOrganization,
        refusals: [...badQuery, 'DIGEST_MALFORMED', 'ORGANIZATION_NOT_FOUND'],
      },
      read: (request) => ({ id: digestOf((request.params as { id: unknown }).id), ...readNone(request) }),
      make:
        ({ id }) =>
        async () => ({ value: await organizationFacts(queries, id) }),
    }),
    reading({
      path: catalogPaths.feed,
      operation: {
        summary: 'What was published, taken back, revoked, with reasons: the public part of the audit log',
        tag: 'catalog',
        query: FeedQuery,
        answer: Feed,
        refusals: badQuery,
      },
      read: readFeedQuery,
      make:
        ({ after, limit = 100 }) =>
        async () => ({ value: await readFeed(queries, { after, limit }) }),
    }),
    {
      path: catalogPaths.updates,
      question: { maxBytes: maxQuestionBytes },
      operation: {
        summary: 'What there is to say about everything somebody has installed, in one question',
        tag: 'catalog',
        body: UpdateQuestion,
        answer: UpdateAnswer,
        refusals: ['BODY_MALFORMED', 'MEDIA_TYPE_UNSUPPORTED', 'REQUEST_TOO_LARGE'],
      },
      async handle(request, reply) {
        const question = readQuestion(request);
        readNone(request);
        const answer = await made(updatesFor(queries, question, clock()));
        return sendUnkept(
          request,
          reply,
          await prepareJson(answer, [], wantedCoding(request.headers['accept-encoding'])),
        );
      },
    },
  ];
}

/** As much of the field as is looked at. */
const maxLanguageCharacters = 200;

async function made<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw databaseFailureOf(error);
  }
}
