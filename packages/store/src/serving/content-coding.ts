export type ContentCoding = 'br' | 'gzip' | 'identity';

const preferred: readonly ContentCoding[] = ['br', 'gzip', 'identity'];

/**
 * Chooses among the prepared codings by Accept-Encoding (RFC 9110 12.5.3); where weights are equal the smaller
 * answer wins. A request that forbids everything is answered unencoded rather than refused.
 */
export function negotiateCoding(
  field: string | undefined,
  available: { has(coding: ContentCoding): boolean },
): ContentCoding {
  if (field === undefined || field === '') return 'identity';
  const weights = parseWeights(field);
  let best: ContentCoding = 'identity';
  let bestWeight = 0;
  for (const coding of preferred) {
    if (!available.has(coding)) continue;
    // Unencoded is always acceptable where nothing forbids it, and wanted last.
    const weight = weights.get(coding) ?? weights.get('*') ?? (coding === 'identity' ? 0.0001 : 0);
    if (weight > bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

const every: ReadonlySet<ContentCoding> = new Set(preferred);

/** The coding a request likes best, where each can be made for it. */
export function wantedCoding(field: string | undefined): ContentCoding {
  return negotiateCoding(field, every);
}

function parseWeights(field: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const element of field.split(',', 32)) {
    const [name = '', ...parameters] = element.split(';', 4);
    const coding = name.trim().toLowerCase();
    if (coding === '') continue;
    weights.set(coding === 'x-gzip' ? 'gzip' : coding, weightOf(parameters));
  }
  return weights;
}

// RFC 9110 12.4.2; a malformed weight counts as none asked for.
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const found = /^[ \t]*q=(.*)$/i.exec(parameter);
    if (found === null) continue;
    const value = found[1]?.trim() ?? '';
    return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(value) ? Number(value) : 0;
  }
  return 1;
}
