import { lazy, type ReactNode, Suspense, useState } from 'react';
import { Button } from './button.js';
import { Icon, type IconName } from './icon.js';

export interface MenuEntry {
  readonly key: string;
  readonly label: string;
  readonly icon: IconName;
  readonly onChoose: () => void;
  readonly isHarsh?: boolean;
}

const loadOpenMenu = () => import('./open-menu.js');
const OpenMenu = lazy(loadOpenMenu);

/**
 * What else can be done, behind three dots. The menu's own code comes when somebody is about to open one: nothing of it is
 * needed to show a page.
 */
export function MoreMenu({ label, entries }: { label: string; entries: readonly MenuEntry[] }) {
  const [isWanted, setWanted] = useState(false);
  if (entries.length === 0) return null;
  const trigger = (onClick?: () => void): ReactNode => (
    <Button
      face="icon"
      aria-label={label}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={() => void loadOpenMenu()}
      onFocus={() => void loadOpenMenu()}
      {...(onClick && { onClick })}
    >
      <Icon name="more" size={20} />
    </Button>
  );
  if (!isWanted) return trigger(() => setWanted(true));
  return (
    <Suspense fallback={trigger()}>
      <OpenMenu label={label} entries={entries} />
    </Suspense>
  );
}
