import 'i18next';
import type { en } from './en.js';
import type { failuresEn } from './failures-en.js';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    resources: { page: typeof en; failures: typeof failuresEn };
    returnNull: false;
  }
}
