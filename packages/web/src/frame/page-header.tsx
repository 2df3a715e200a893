import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../look/icon.js';
import { Segments } from '../look/segments.js';
import { type Theme, themes, useTheme } from '../look/theme.js';
import { type PageLanguage, pageLanguageOf, pageLanguages } from '../texts/start-texts.js';
import { useBrowsing } from './browsing.js';
import { Mark } from './mark.js';
import classes from './page-header.module.css';
import { addressOf } from './screens.js';
import { goTo, useScreen } from './use-screen.js';

/** The line on top of every screen. `onLanguage` is absent while there is nobody to remember the choice. */
export function PageHeader({ onLanguage }: { onLanguage: (language: PageLanguage) => void }) {
  const { t } = useTranslation();
  const { name } = useScreen();
  const isStore = name === 'store' || name === 'plugin';
  const screens = [
    { address: addressOf({ name: 'store' }), text: t('frame.plugins'), isHere: isStore },
    { address: addressOf({ name: 'how' }), text: t('frame.how'), isHere: name === 'how' },
    { address: addressOf({ name: 'activity' }), text: t('frame.activity'), isHere: name === 'activity' },
  ];
  return (
    <header className={classes.top}>
      <div className={classes.inside}>
        <a className={classes.brand} href={addressOf({ name: 'store' })}>
          <Mark />
          <span>{t('product')}</span>
        </a>
        <nav className={classes.nav} aria-label={t('frame.main')}>
          <ul>
            {screens.map(({ address, text, isHere }) => (
              <li key={address}>
                <a href={address} aria-current={isHere ? 'page' : undefined}>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <SearchField isShown={isStore} />
        <div className={classes.prefs}>
          <LanguageChoice onLanguage={onLanguage} />
          <ThemeChoice />
        </div>
      </div>
    </header>
  );
}

function SearchField({ isShown }: { isShown: boolean }) {
  const { t } = useTranslation();
  const screen = useScreen();
  const { browsing, browse } = useBrowsing();
  const field = useRef<HTMLInputElement>(null);
  const isWanted = useRef(false);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target))
        return;
      event.preventDefault();
      if (field.current !== null) field.current.focus();
      else {
        isWanted.current = true;
        goTo({ name: 'store' });
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  useEffect(() => {
    if (!isShown || !isWanted.current) return;
    isWanted.current = false;
    field.current?.focus();
  }, [isShown]);

  if (!isShown) return <span className={classes.grow} />;
  return (
    <search className={classes.search}>
      <Icon name="search" className={classes.searchIcon} />
      <input
        ref={field}
        type="search"
        aria-label={t('frame.search')}
        aria-keyshortcuts="/"
        placeholder={t('frame.search')}
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={browsing.text}
        onChange={(event) => {
          browse({ text: event.currentTarget.value });
          if (screen.name !== 'store') goTo({ name: 'store' });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') browse({ text: '' });
        }}
      />
      <span className={classes.key} aria-hidden="true">
        /
      </span>
    </search>
  );
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches('input:not([type=radio], [type=checkbox], [type=range]), textarea, select') ||
      target.isContentEditable)
  );
}

/** Each language in its own words. */
const languageLabels: Readonly<Record<PageLanguage, { short: string; whole: string }>> = {
  en: { short: 'EN', whole: 'English' },
  fr: { short: 'FR', whole: 'Français' },
};

function LanguageChoice({ onLanguage }: { onLanguage: (language: PageLanguage) => void }) {
  const { t, i18n } = useTranslation();
  return (
    <Segments
      label={t('frame.language')}
      value={pageLanguageOf(i18n.language)}
      onChange={onLanguage}
      options={pageLanguages.map((language) => ({
        value: language,
        label: (
          <span lang={language} title={languageLabels[language].whole}>
            <span aria-hidden="true">{languageLabels[language].short}</span>
            <span className="sr">{languageLabels[language].whole}</span>
          </span>
        ),
      }))}
    />
  );
}

const themeIcons = { light: 'sun', dark: 'moon', system: 'screen' } as const;

function ThemeChoice() {
  const { t } = useTranslation();
  const [theme, choose] = useTheme();
  return (
    <Segments<Theme>
      label={t('frame.theme')}
      value={theme}
      onChange={choose}
      options={themes.map((option) => ({
        value: option,
        label: (
          <span title={t(`frame.${option}`)}>
            <Icon name={themeIcons[option]} size={17} />
            <span className="sr">{t(`frame.${option}`)}</span>
          </span>
        ),
      }))}
    />
  );
}
