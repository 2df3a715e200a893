/** What the page shows of an OpenAPI document; only what `openApiDocument` writes. */
interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Readonly<Record<string, unknown>>;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: unknown }>>;

/** @param styleVersion  changes with the style, so that an old one is not taken for it */
export function documentationPage(document: Document, styleVersion: string): string {
  const { info, tags, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    const shown = own.map(({ path, method, operation }) => operationHtml(path, method, operation));
    return `<section id="${text(name)}"><h2>${text(description)}</h2>${shown.join('')}</section>`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details class="schema" id="schema-${text(name)}"><summary><code>${text(name)}</code></summary>${schemaHtml(schema)}</details>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(info.title)}: the API</title>
<link rel="stylesheet" href="docs/style.css?${text(styleVersion)}">
<header><h1>${text(info.title)}</h1><p>${text(info.description)} Version ${text(info.version)}. <a href="openapi.json">openapi.json</a></p>
<nav>${tags.map(({ name, description }) => `<a href="#${text(name)}">${text(description)}</a>`).join('')}<a href="#schemas">Schemas</a></nav></header>
<main>${sections.join('')}<section id="schemas"><h2>Schemas</h2>${schemas.join('')}</section></main>
</html>
`;
}

function operationHtml(path: string, method: string, operation: Operation): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><td><code>${text(name)}</code><td>${text(place)}${required ? ', needed' : ''}<td>${schemaHtml(schema)}`,
  );
  const answers = Object.entries(responses).map(
    ([status, answer]) =>
      `<tr><td>${text(status)}<td>${text(answer.description)}<td>${contentHtml(answer.content)}`,
  );
  return `<details id="${text(operationId)}"><summary><b class="${text(method)}">${text(method.toUpperCase())}</b> <code>${text(path)}</code> <span>${text(summary)}</span></summary>
${description === undefined ? '' : `<p>${text(description)}</p>`}
${rows.length === 0 ? '' : `<h3>Parameters</h3><table>${rows.join('')}</table>`}
${requestBody === undefined ? '' : `<h3>Body</h3>${contentHtml(requestBody.content)}`}
<h3>Answers</h3><table>${answers.join('')}</table></details>`;
}

function contentHtml(content: Content = {}): string {
  return Object.entries(content)
    .map(
      ([mediaType, { schema }]) =>
        `<p><code>${text(mediaType)}</code></p>${schema === undefined ? '' : schemaHtml(schema)}`,
    )
    .join('');
}

const reference = /&quot;\$ref&quot;: &quot;#\/components\/schemas\/(\w+)&quot;/g;

/** A schema as JSON, its references as links. */
function schemaHtml(schema: unknown): string {
  const json = text(JSON.stringify(schema, undefined, 2) ?? '');
  return `<pre>${json.replace(reference, '<a href="#schema-$1">$1</a>')}</pre>`;
}

function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export const documentationStyle = `:root { color-scheme: light dark; --line: #8884; --accent: #005699; }
@media (prefers-color-scheme: dark) { :root { --accent: #7cc4ff; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.2rem; }
h3 { margin: 1rem 0 0.25rem; font-size: 0.9rem; }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
details { border: 1px solid var(--line); border-radius: 8px; margin: 0.5rem 0; padding: 0 0.75rem; }
details[open] { padding-bottom: 0.75rem; }
summary { cursor: pointer; padding: 0.5rem 0; }
summary span { opacity: 0.8; }
summary b { display: inline-block; min-width: 4.2rem; color: var(--accent); }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; margin: 0; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: 0.35rem 0.75rem 0.35rem 0; vertical-align: top; }
td p { margin: 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;
