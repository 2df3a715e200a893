import type { PluginFailure } from '@jami-plugin-store/contract';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';

/** What a page shows of an error: who refused, the exact code, the sentence, and the details that help. */
export function pluginFailure(error: unknown): PluginFailure {
  if (error instanceof DaemonRefusal) {
    const { entry, certificate, publisher, installedPublisher } = error.problem;
    return {
      source: 'daemon',
      code: error.code,
      message: error.message,
      ...(error.resultCode === undefined ? {} : { resultCode: error.resultCode }),
      ...(entry === undefined ? {} : { entry }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(publisher === undefined ? {} : { publisher }),
      ...(installedPublisher === undefined ? {} : { installedPublisher }),
    };
  }
  if (error instanceof ClientError) {
    const { code, message, network } = error;
    return network === undefined
      ? { source: 'client', code, message }
      : { source: 'network', code, message, network };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { source: 'client', code: 'INTERNAL', message: `The client failed on its own: ${message}` };
}
