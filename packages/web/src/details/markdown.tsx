import { Lexer, type Token, type Tokens } from 'marked';
import { Fragment, type ReactNode, useMemo } from 'react';
import classes from './markdown.module.css';

const maxLength = 20_000;

/**
 * Markdown that somebody else wrote, as elements that are made here: no HTML of it is ever parsed as HTML (it is shown as the
 * text it is), pictures are named and not fetched, and links lead to http and https only.
 */
export function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => new Lexer({ gfm: true, breaks: false }).lex(text.slice(0, maxLength)), [text]);
  return <div className={classes.prose}>{blocks(tokens)}</div>;
}

function blocks(tokens: readonly Token[] = []): ReactNode {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the text is replaced as a whole
    <Fragment key={index}>{block(token)}</Fragment>
  ));
}

/** Headings of a description stand below those of the page. */
const headings = ['h3', 'h3', 'h4', 'h5', 'h6', 'h6'] as const;

function block(token: Token): ReactNode {
  switch (token.type) {
    case 'heading': {
      const Heading = headings[(token as Tokens.Heading).depth - 1] ?? 'h6';
      return <Heading>{inlines(token.tokens)}</Heading>;
    }
    case 'paragraph':
      return <p>{inlines(token.tokens)}</p>;
    case 'list': {
      const { ordered, items, start } = token as Tokens.List;
      const children = items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <li key={index}>{blocks(item.tokens)}</li>
      ));
      return ordered ? <ol start={start === '' ? 1 : start}>{children}</ol> : <ul>{children}</ul>;
    }
    case 'blockquote':
      return <blockquote>{blocks(token.tokens)}</blockquote>;
    case 'code':
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'hr':
      return <hr />;
    case 'table':
      return table(token as Tokens.Table);
    case 'html':
      return <p>{(token as Tokens.HTML).text}</p>;
    case 'space':
    case 'def':
      return null;
    default:
      return inline(token);
  }
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <table>
      <thead>
        <tr>
          {header.map((cell, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <th key={index}>{inlines(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <tr key={index}>
            {row.map((cell, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <td key={column}>{inlines(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inlines(tokens: readonly Token[] = []): ReactNode {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <Fragment key={index}>{inline(token)}</Fragment>
  ));
}

function inline(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{inlines(token.tokens)}</strong>;
    case 'em':
      return <em>{inlines(token.tokens)}</em>;
    case 'del':
      return <del>{inlines(token.tokens)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return link(token as Tokens.Link);
    case 'image':
      return (token as Tokens.Image).text;
    case 'checkbox':
      return null;
    default: {
      const { tokens } = token as { tokens?: Token[] };
      return tokens === undefined ? ('text' in token ? (token.text as string) : token.raw) : inlines(tokens);
    }
  }
}

function link({ href, tokens }: Tokens.Link): ReactNode {
  const address = webAddress(href);
  if (address === undefined) return inlines(tokens);
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow ugc" title={address}>
      {inlines(tokens)}
    </a>
  );
}

/** An absolute http(s) address, as the browser would read it; undefined for anything else. */
export function webAddress(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
    ? url.href
    : undefined;
}
