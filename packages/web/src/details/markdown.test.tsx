// @vitest-environment happy-dom
import { render } from '@testing-library/react';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Markdown, webAddress } from './markdown.js';

const shown = (text: string): HTMLElement => render(<Markdown text={text} />).container;
/** Everything a description may become. */
const lawful = new Set(
  'a blockquote br code del div em h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul'.split(
    ' ',
  ),
);

describe('Markdown that somebody else wrote', () => {
  it('becomes elements', () => {
    const page = shown(
      '# Title\n\nSome **bold** and *slanted* `code`.\n\n- one\n- two\n\n1. first\n\n> said\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |',
    );
    expect(page.querySelector('h3')?.textContent).toBe('Title');
    expect(page.querySelectorAll('ul li')).toHaveLength(2);
    expect(
      ['strong', 'em', 'code', 'ol', 'blockquote', 'hr', 'table'].filter(
        (tag) => page.querySelector(tag) === null,
      ),
    ).toEqual([]);
  });

  it('links to the web only, in a tab of its own that knows nothing of this one', () => {
    const link = shown('[there](https://example.org/x?y=1)').querySelector('a');
    expect(link?.getAttribute('href')).toBe('https://example.org/x?y=1');
    expect(link?.rel.split(' ')).toEqual(expect.arrayContaining(['noopener', 'noreferrer', 'nofollow']));
    expect(link?.target).toBe('_blank');
  });

  it.each([
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](java\nscript:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](vbscript:x)',
    '[x](file:///etc/passwd)',
    '[x](//evil.example/x)',
    '[x](/page/settings)',
    '[x](#/activity)',
    '[x](https://user:secret@example.org/)',
    '<javascript:alert(1)>',
    '[x][y]\n\n[y]: javascript:alert(1)',
  ])('makes no link of %j', (text) => {
    expect(shown(text).querySelector('a')).toBeNull();
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'text <img src=x onerror=alert(1)> text',
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src="https://evil.example"></iframe>',
    '<svg><script>alert(1)</script></svg>',
    '<style>*{display:none}</style>',
    '![x](https://evil.example/pixel.png)',
    '<details open ontoggle=alert(1)>',
    '`<b>`',
  ])('shows %j as text', (text) => {
    const page = shown(text);
    const tags = [...page.querySelectorAll('*')].map(({ tagName }) => tagName.toLowerCase());
    expect(tags.filter((tag) => !lawful.has(tag))).toEqual([]);
    expect(page.querySelector('[onerror],[ontoggle],[style],[src]')).toBeNull();
  });

  it('never becomes more than that, whatever it is', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '[',
      ']',
      '(',
      ')',
      '"',
      "'",
      '&',
      ':',
      '/',
      '#',
      '`',
      '*',
      '\n',
      'script',
      'img',
      'src=',
      'javascript:',
      'https://x.y/',
      ' ',
      'a',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { container, unmount } = render(<Markdown text={pieces.join('')} />);
        for (const element of container.querySelectorAll('*')) {
          expect(lawful.has(element.tagName.toLowerCase())).toBe(true);
          if (element.tagName === 'A') expect(element.getAttribute('href')).toMatch(/^https?:/);
          expect(
            [...element.attributes]
              .map(({ name }) => name)
              .filter((name) => !['class', 'href', 'target', 'rel', 'title', 'start'].includes(name)),
          ).toEqual([]);
        }
        unmount();
      }),
      { numRuns: 150 },
    );
  });
});

it.each([
  ['https://example.org', 'https://example.org/'],
  ['HTTP://EXAMPLE.org/x', 'http://example.org/x'],
  ['ftp://example.org', undefined],
  ['mailto:a@b.c', undefined],
  ['x', undefined],
])('the web address of %j', (href, address) => {
  expect(webAddress(href)).toBe(address);
});
