import type { Archive } from '@jami-plugin-store/jpl';
import type { WatchExchanges } from '@jami-plugin-store/revocation';
import type { Certificate, JudgeStep, VerifiedPlugin } from '@jami-plugin-store/trust';
import { errorOutcome } from '../error-outcome.js';
import type { InstallOutcome, InstallRequest } from '../install/install-package.js';
import { exchangeMessages } from './exchange-messages.js';
import type { Told, TraceRecorder } from './trace-recorder.js';

/** Tells one install, step by step; whatever it is told has really happened. */
export interface InstallNarrator {
  requested(request: InstallRequest): void;
  /** The archive is opened; what is returned is told how its structure was found. `failed` throws on what it is told. */
  reading(): { done(archive: Archive): void; failed(error: unknown): never };
  readonly judged: (step: JudgeStep) => void;
  readonly exchanges: WatchExchanges;
  /** Nothing forbids it any more to become the installed one. */
  accepted(plugin: VerifiedPlugin): void;
  installed(outcome: Omit<InstallOutcome, 'job'>): void;
  refused(error: unknown): void;
}

/** More would not find room in one message. */
const maxListedEntries = 256;

const byItself = { from: 'daemon', to: 'daemon' } as const;

export function narrateInstall(trace: TraceRecorder): InstallNarrator {
  let judgedMs = 0;
  let isAccepted = false;
  return {
    requested: (request) => trace.tell(requestTold(request)),
    reading: () => {
      const beganMs = trace.elapsedMs();
      return {
        done: (archive) => trace.tell(archiveTold(archive, beganMs)),
        failed: (error) => {
          trace.tell({ kind: 'archive-read', ...byItself, beganMs, ...refusalOf(error) });
          throw error;
        },
      };
    },
    judged: (step) => {
      if (step.step === 'path') {
        judgedMs = trace.elapsedMs();
        trace.tell(
          'error' in step
            ? { kind: 'path-found', ...byItself, ...refusalOf(step.error) }
            : pathTold(step.path),
        );
      } else trace.tell(signaturesTold(step, judgedMs));
    },
    exchanges: exchangeMessages(trace),
    accepted: (plugin) => {
      isAccepted = true;
      trace.about(plugin);
      trace.tell(verdictTold(plugin));
    },
    installed: (outcome) => {
      trace.tell({
        kind: 'switched',
        ...byItself,
        outcome: 'ok',
        facts: [
          ['path', outcome.path],
          ['from', outcome.from ?? undefined],
          ['to', outcome.version],
        ],
      });
      trace.end(null, {
        kind: 'install-answer',
        from: 'daemon',
        to: 'client',
        outcome: 'ok',
        facts: [
          ['id', outcome.id],
          ['version', outcome.version],
          ['resultCode', 0],
        ],
      });
    },
    refused: (error) => {
      const { code, resultCode, detail } = errorOutcome(error);
      if (detail?.plugin !== undefined) trace.about(detail.plugin);
      trace.tell({ kind: isAccepted ? 'switched' : 'verdict', ...byItself, ...refusalOf(error) });
      trace.end(code, {
        kind: 'install-answer',
        from: 'daemon',
        to: 'client',
        outcome: 'refused',
        code,
        facts: [
          ['code', code],
          ['resultCode', resultCode],
        ],
      });
    },
  };
}

function requestTold({ path, expect, force, acceptPublisher, store, asSent }: InstallRequest): Told {
  return {
    kind: 'install-request',
    from: 'client',
    to: 'daemon',
    outcome: 'sent',
    facts: [
      ['path', path],
      ['expect.id', expect?.id],
      ['expect.version', expect?.version],
      ['expect.sha256', expect?.sha256],
      ['force', force],
      ['acceptPublisher', acceptPublisher],
      ['store', store],
    ],
    raw: asSent,
  };
}

function archiveTold({ entries, size: bytes }: Archive, beganMs: number): Told {
  const files = entries.filter(({ kind }) => kind === 'file');
  return {
    kind: 'archive-read',
    ...byItself,
    beganMs,
    outcome: 'ok',
    done: entries.length,
    of: entries.length,
    facts: [
      ['bytes', bytes],
      ['entries', entries.length],
      ['files', files.length],
      ['uncompressedBytes', entries.reduce((sum, { size }) => sum + size, 0)],
    ],
    raw: entries
      .slice(0, maxListedEntries)
      .map(({ name, size }) => `${String(size).padStart(10)}  ${name}`)
      .join('\n'),
  };
}

function pathTold(path: readonly Certificate[]): Told {
  return {
    kind: 'path-found',
    ...byItself,
    outcome: 'ok',
    done: path.length,
    of: path.length,
    facts: path.flatMap(({ subject, serialNumber, notAfter }) => [
      ['subject', subject.text] as const,
      ['serialNumber', Buffer.from(serialNumber).toString('hex')] as const,
      ['notAfter', notAfter.toISOString()] as const,
    ]),
    raw: path.map(certificateText).join('\n'),
  };
}

function certificateText(certificate: Certificate, index: number): string {
  const { subject, issuer, serialNumber, notBefore, notAfter, publicKey, fingerprint } = certificate;
  const { algorithm, curve, modulusBits } = publicKey;
  return [
    `certificate ${index + 1}`,
    `  subject: ${subject.text}`,
    `  issuer: ${issuer.text}`,
    `  serialNumber: ${Buffer.from(serialNumber).toString('hex')}`,
    `  notBefore: ${notBefore.toISOString()}`,
    `  notAfter: ${notAfter.toISOString()}`,
    `  publicKey: ${[algorithm, curve, modulusBits].filter((part) => part !== undefined).join(' ')}`,
    ...certificate.ocspUrls.map((url) => `  ocsp: ${url}`),
    ...certificate.crlUrls.map((url) => `  cRLDistributionPoint: ${url}`),
    `  sha256: ${fingerprint}`,
  ].join('\n');
}

function signaturesTold(step: Extract<JudgeStep, { step: 'signatures' }>, beganMs: number): Told {
  const common = { kind: 'signatures-verified', ...byItself, beganMs } as const;
  if ('error' in step) return { ...common, ...refusalOf(step.error) };
  return {
    ...common,
    outcome: 'ok',
    done: step.files,
    of: step.files,
    facts: [
      ['files', step.files],
      ['bytes', step.bytes],
      ['algorithm', 'RSASSA-PKCS1-v1_5 with SHA-512'],
    ],
  };
}

function verdictTold({ id, version, publisher, files, revocationMode }: VerifiedPlugin): Told {
  return {
    kind: 'verdict',
    ...byItself,
    outcome: 'ok',
    facts: [
      ['id', id],
      ['version', version],
      ['publisher', publisher.name],
      ['organization', publisher.organization],
      ['files', files],
      ['revocation', revocationMode],
    ],
  };
}

function refusalOf(error: unknown): Pick<Told, 'outcome' | 'code' | 'facts'> {
  const { code, message, entry, certificate } = errorOutcome(error);
  return {
    outcome: 'refused',
    code,
    facts: [
      ['message', message],
      ['entry', entry],
      ['certificate', certificate],
    ],
  };
}
